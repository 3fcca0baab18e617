"""Leak detection and localisation."""
