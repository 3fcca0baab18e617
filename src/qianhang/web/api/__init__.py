"""The HTTP API under /api/v1, one module a noun."""

__all__ = ["ROUTES"]

ROUTES: tuple = ()
