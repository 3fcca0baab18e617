"""Hourly air quality."""
