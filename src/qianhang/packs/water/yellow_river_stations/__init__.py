"""Stations along a river."""
