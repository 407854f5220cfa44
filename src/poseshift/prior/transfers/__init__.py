"""Transfers: what makes a generator of the source's poses one of the target's; one file each."""
