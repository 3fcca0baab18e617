"""Ecology and environment."""
