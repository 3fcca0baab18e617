"""Reserves of a mineral deposit."""
