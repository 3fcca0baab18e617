"""Random texts that open something, and the only form in which they are kept."""

from __future__ import annotations

import hashlib
import re
import secrets

__all__ = ["digest", "is_id", "new_id", "new_token"]

_ID = re.compile(r"[0-9a-f]{12}")


def new_token() -> str:
    """256 random bits as text that fits into a cookie, a header or a link."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A name for a row that tells nothing and cannot be counted up."""
    return secrets.token_hex(6)


def is_id(text: str) -> bool:
    """Whether the text is written as `new_id` writes."""
    return _ID.fullmatch(text) is not None


def digest(token: str) -> str:
    """sha256 of a token; enough for random texts, which nobody can guess one by one."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
