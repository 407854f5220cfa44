"""Priors: generators of poses, and what adapts them to a domain with a handful of its poses."""
