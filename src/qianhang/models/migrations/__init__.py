"""Revisions of the registry's tables, oldest first."""
