"""What plans, bills and vouchers tell as JSON: each kind of value in one way."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import click

__all__ = ["tell"]


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
