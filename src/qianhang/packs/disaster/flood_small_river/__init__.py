"""Floods of small rivers."""
