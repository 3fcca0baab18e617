"""Revisions of the tables of access, oldest first."""
