"""Adaptation methods: one readable file each, none imports another."""
