"""Alembic revisions of the tables of runs."""
