"""Methane warnings."""
