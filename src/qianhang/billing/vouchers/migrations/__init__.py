"""Revisions of the tables of vouchers, oldest first."""
