"""The words of targets.toml: units, verbs, heads of counts, cues of the past."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

__all__ = ["either", "words"]


def words(table: str, key: str) -> tuple[str, ...]:
    """The words under a key of a table, in the order of the file."""
    return tuple(_tables()[table][key].split())


def either(found: tuple[str, ...], *, literal: bool = True) -> str:
    """A pattern for any of some words, the longest first; not literal where they are patterns."""
    ordered = sorted(found, key=len, reverse=True) if literal else found
    return "|".join(map(re.escape, ordered) if literal else ordered)


@functools.cache
def _tables() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("targets.toml").read_text("utf8")
    return tomllib.loads(text)
