"""Revisions of the table of studies, oldest first."""
