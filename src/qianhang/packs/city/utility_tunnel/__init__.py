"""Utility tunnel."""
