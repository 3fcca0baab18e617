"""Revisions of the tables of artefacts."""
