"""Revisions of the tables of billing, oldest first."""
