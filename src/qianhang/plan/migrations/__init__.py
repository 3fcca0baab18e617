"""Revisions of the ledger's tables, oldest first."""
