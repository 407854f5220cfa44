"""Measured claims: every module writes ``results/<name>.json``, from which docs tables are made."""
