"""Tide and sea level."""
