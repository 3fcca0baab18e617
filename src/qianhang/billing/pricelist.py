"""A price list as a TOML file, read with every key checked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomli

from qianhang.billing.amount import exact
from qianhang.billing.prices import Band, Price
from qianhang.core.errors import BillingError

__all__ = ["read_list", "read_text"]

_HEAD = {"operator", "version", "since", "until", "zone", "fee", "price"}
_PRICE = {"pool", "flavour", "unit", "category", "yuan", "list_yuan", "band"}
_BAND = {"begin", "end", "yuan"}


def read_list(path: Path) -> list[Price]:
    """The prices of one list.

    Raises BillingError for a file that cannot be read, an unknown or missing key, or an amount
    that is not an exact decimal (written as text, "12.50").
    """
    try:
        text = path.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as cause:
        raise BillingError("QH561", f"price list {path}: {cause}") from cause
    return read_text(text, where=str(path))


def read_text(text: str, *, where: str) -> list[Price]:
    """The prices of one list, from the text of its file.

    Raises BillingError as `read_list`.
    """
    try:
        return _prices(tomli.loads(text))
    except (KeyError, TypeError, ValueError) as cause:
        what = f"key {cause} is missing" if isinstance(cause, KeyError) else str(cause)
        raise BillingError("QH561", f"price list {where}: {what}") from cause


def _prices(said: dict[str, Any]) -> list[Price]:
    _known(said, _HEAD, "the list")
    head = {
        "operator": said["operator"], "version": str(said["version"]),
        "since": _moment(said["since"]), "fee": exact(said.get("fee", 0), "fee"),
        "until": _moment(said["until"]) if "until" in said else None,
        "zone": said.get("zone", "Asia/Shanghai"),
    }  # fmt: skip
    return [_price(one, number, head) for number, one in enumerate(said["price"], 1)]


def _price(said: dict[str, Any], number: int, head: dict[str, Any]) -> Price:
    _known(said, _PRICE, f"price {number}")
    rate = exact(said["yuan"], f"price {number}: yuan")
    bands = tuple(_band(b, number) for b in said.get("band", ()))
    return Price(
        **head, number=number, pool=said.get("pool", ""), flavour=said["flavour"],
        unit=said["unit"], category=said.get("category", "compute"), yuan=rate, bands=bands,
        list_yuan=exact(said.get("list_yuan", rate), f"price {number}: list_yuan"),
    )  # fmt: skip


def _band(said: dict[str, Any], number: int) -> Band:
    _known(said, _BAND, f"a band of price {number}")
    yuan: Decimal = exact(said["yuan"], f"price {number}: a band's yuan")
    return Band(said["begin"], said["end"], yuan)


def _known(said: dict[str, Any], names: set[str], where: str) -> None:
    strange = sorted(set(said) - names)
    if strange:
        raise ValueError(f"{where} knows no key {strange[0]!r}, only {', '.join(sorted(names))}")


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{value}: expected a moment with its zone, 2026-01-01T00:00:00+08:00")
    return value
