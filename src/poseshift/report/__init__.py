"""Figures of what was measured, all in one look."""
