"""Revisions of the store's own tables, oldest first."""
