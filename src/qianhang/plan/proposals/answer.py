"""A model's answer as plain data: strict JSON of the form that was asked for, or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from qianhang.core.errors import UsageError

__all__ = ["read_answer"]

_MOST = 100
# Some servers leave a model's thinking, and some models a code fence, around the JSON.
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(?P<body>.*)\n\s*```\s*\Z", re.DOTALL)


def read_answer(text: str, *, where: str) -> tuple[Mapping[str, Any], ...]:
    """The proposals that an answer holds, each still to be checked.

    Raises UsageError where it is not the JSON object that was asked for.
    """
    bare = _THOUGHT.sub("", text)
    fenced = _FENCE.match(bare)
    body = read_json(fenced["body"] if fenced else bare)
    if body is None:
        _fail(where, f"{len(text):,} characters that are not JSON")
    rows = body.get("items") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        _fail(where, "JSON without a list of items")
    if len(rows) > _MOST:
        _fail(where, f"{len(rows):,} items for one section, at most {_MOST} are taken")
    return tuple(row if isinstance(row, dict) else {} for row in rows)


def read_json(text: str | bytes) -> Any:
    """What strict JSON says; None where it is none, too deep, or holds a number that is no number.

    The parser's own words are dropped: they may repeat what it was given.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _fail(where: str, found: str) -> NoReturn:
    message = f"{where}: the model answered {found}; expected {{'items': [...]}}; nothing was kept"
    raise UsageError("QH842", message, hint="ask again, or another model")
