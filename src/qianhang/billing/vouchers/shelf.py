"""The programmes that ship with the product, and any other file of the same form."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from qianhang.billing.vouchers.programme import Programme
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.schema import nearest, read, read_toml

__all__ = ["load", "named", "shipped", "source"]

_FOLDER = Path(__file__).with_name("programmes")


def load(path: Path) -> Programme:
    """The programme of a file.

    Raises ContractError naming file, field, what was found and what is expected.
    """
    data = read_toml(path, error=ContractError, code="QH570")
    return read(Programme, data, where=path.name, error=ContractError, code="QH571")


@functools.cache
def shipped() -> Mapping[str, Programme]:
    """id -> programme, in the order of the ids."""
    found = [load(p) for p in sorted(_FOLDER.glob("*.toml"))]
    return MappingProxyType({p.id: p for p in found})


def named(name: str) -> Programme:
    """The shipped programme of this id, or the one in the file of this name.

    Raises UsageError where there is neither.
    """
    if name.endswith(".toml"):
        return load(Path(name))
    if name in shipped():
        return shipped()[name]
    guess = nearest(name, shipped())
    raise UsageError(
        "QH572",
        f"voucher programme {name!r} does not exist; expected one of "
        f"{', '.join(shipped())}, or a .toml file",
        hint=f"did you mean {guess}?" if guess else "qianhang voucher programmes",
    )


def source(name: str) -> tuple[str, str]:
    """(text, id) of a shipped programme, or of one in a file, checked."""
    programme = named(name)
    path = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    return path.read_text(encoding="utf8"), programme.id
