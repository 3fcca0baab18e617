"""The facts of an application as a person writes them: a TOML file, amounts in yuan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args

from qianhang.billing.vouchers.facts import Bill, Facts, Line
from qianhang.billing.vouchers.programme import Charge
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.schema import nearest, read, read_toml

__all__ = ["bill_of_words", "facts_of", "fen_of", "number_of", "read_facts"]

_MOST = 10**15
_CHARGES: tuple[str, ...] = get_args(Charge)
# yuan in the file -> fen of the fact, by the table that it stands in
_YUAN = {"contract": {"yuan": "fen", "paid_yuan": "paid_fen"}, "": {"year_yuan": "year_fen"}}


def fen_of(text: str, where: str) -> int:
    """An amount in yuan as whole fen.

    Raises UsageError where it is no amount above zero with at most two decimals.
    """
    try:
        value = Decimal(text) * 100
    except InvalidOperation:
        value = Decimal(0)
    sound = value.is_finite() and 0 < value < _MOST
    if not sound or value != value.to_integral_value():
        expected = "yuan above 0 with at most two decimals, such as 1200.50"
        raise UsageError("QH580", f"{where}: found {text!r}, expected {expected}")
    return int(value)


def number_of(text: str) -> int:
    """The number of a batch or claim.

    Raises UsageError where the text is none.
    """
    if not text.isascii() or not text.isdecimal():
        raise UsageError("QH580", f"found {text!r}, expected the number of a batch or claim")
    return int(text)


def bill_of_words(words: Sequence[str]) -> Bill:
    """A bill of lines such as `compute=1200.50`.

    Raises UsageError for a line of another form.
    """
    lines = []
    for word in words:
        charge, sign, amount = word.partition("=")
        if not charge or not sign:
            text = f"bill: found {word!r}, expected a kind of charge and yuan, compute=1200.50"
            raise UsageError("QH580", text)
        if charge not in _CHARGES:
            guess = nearest(charge, _CHARGES)
            text = f"bill: found {charge!r}, expected one of {', '.join(_CHARGES)}"
            raise UsageError("QH580", text, hint=f"did you mean {guess}?" if guess else "")
        lines.append(Line(charge, fen_of(amount, f"bill {charge}")))
    return Bill(tuple(lines))


def read_facts(path: Path) -> Facts:
    """The facts of a file.

    Raises ContractError naming file, field, what was found and what is expected.
    """
    return facts_of(read_toml(path, error=ContractError, code="QH570"), where=path.name)


def facts_of(data: Mapping[str, Any], *, where: str) -> Facts:
    """The facts of a table as a file holds it, amounts in yuan.

    Raises ContractError naming `where`, field, what was found and what is expected.
    """
    made = dict(data)
    for table, names in _YUAN.items():
        part = made.get(table, {}) if table else made
        if isinstance(part, dict):
            changed = _in_fen(part, names, f"{where} {table}".strip())
            made = made | {table: changed} if table else changed
    return read(Facts, made, where=where, error=ContractError, code="QH571")


def _in_fen(part: Mapping[str, Any], names: Mapping[str, str], where: str) -> dict[str, Any]:
    """The table with its yuan turned into fen."""
    made: dict[str, Any] = {k: v for k, v in part.items() if k not in names}
    for name, fen in names.items():
        if fen in made:
            raise ContractError("QH571", f"{where}: unknown key {fen!r}; expected {name}")
        if name in part:
            made[fen] = fen_of(str(part[name]), f"{where} {name}")
    return made
