"""Revisions of the tables of applications."""
