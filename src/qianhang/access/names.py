"""Names that people type, as rows may hold them."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

# Marks that turn the direction of writing: with them a name can look like another's.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(name: str) -> str:
    """The name without control characters, lone surrogates and turning marks, single blanks in it.

    PostgreSQL takes no NUL, and neither database a lone surrogate.
    """
    spaced = " ".join(name.split())
    return "".join(
        c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and c not in _TURNING
    )
