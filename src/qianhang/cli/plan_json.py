"""The --json of `qianhang plan`: one option, one way to write what a command has to tell."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from qianhang.core.words import say

__all__ = ["json_option", "tell"]

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help=say("cli.json")
)


def tell(body: object) -> None:
    """Write a value as JSON: records by their fields, days as ISO, paths as text."""
    click.echo(json.dumps(body, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (f.name for f in dataclasses.fields(value))
        return {name: getattr(value, name) for name in names}
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
