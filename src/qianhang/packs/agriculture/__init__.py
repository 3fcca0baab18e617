"""Scenarios of agriculture."""
