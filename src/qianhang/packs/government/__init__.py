"""Packs of government services."""
