"""Packs, domains, views and heatmaps."""
