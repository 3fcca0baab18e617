"""Revisions of the tables of safety, oldest first."""
