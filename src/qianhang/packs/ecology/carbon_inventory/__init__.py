"""Greenhouse gas inventory of a city or province."""
