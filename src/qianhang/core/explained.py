"""What each error code means and what to do about it, read from the pages of docs/errors."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qianhang.core.manifest import Words

__all__ = ["Explained", "explain", "explained", "read"]

_HEAD = re.compile(
    r"# (QH\d{3}) (.+) · (.+)\n\n"  # code, title
    r"`(\w+)` · (.+) · (.+)\n\n"  # class, what it asks for
    r"```\n((?:.*\n)+?)```\n"  # an example
)
_MARK = re.compile(r"^\*\*[^*\n]+\*\*\W\s*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Explained:
    """One code: the class that it is raised with, and its page in both languages.

    action : what the class asks of the reader, such as "fix the data"
    example : a message as it is printed, in English
    """

    code: str
    kind: str
    action: Words
    example: str
    title: Words
    happened: Words
    why: Words
    todo: Words


def explain(code: str) -> Explained | None:
    """The page of a code, None where there is none."""
    return explained().get(code)


@functools.cache
def explained() -> Mapping[str, Explained]:
    """Code -> its page, in the order of the codes; empty where the pages are not installed."""
    found = (read(page.read_text(encoding="utf8")) for page in sorted(_folder().glob("QH*.md")))
    return {one.code: one for one in found}


def _folder() -> Path:
    """In the wheel beside the package's modules, else in the repository around them."""
    package = Path(__file__).parents[1]
    inside = package / "docs" / "errors"
    return inside if inside.is_dir() else package.parents[1] / "docs" / "errors"


def read(text: str) -> Explained:
    """One page.

    Raises ValueError for a page of another form.
    """
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"not a page of a code: {text[:60]!r}")
    code, zh, en, kind, act_zh, act_en, example = head.groups()
    parts = [_MARK.split(part)[1:] for part in text[head.end() :].split("\n## ")[1:]]
    happened, why, todo = (Words(*(t.strip() for t in pair)) for pair in zip(*parts, strict=True))
    return Explained(
        code, kind, Words(act_zh, act_en), example.rstrip(), title=Words(zh, en), happened=happened,
        why=why, todo=todo,
    )  # fmt: skip
