"""Closed schemas: a TOML table becomes a frozen dataclass, and an unknown key is an error.

The dataclass is the schema: its field names are the allowed keys, its annotations the allowed
types, its defaults what may be left out. Nested dataclasses, tuples of them and mappings to them
are read the same way.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from qianhang.core.errors import PackError, QianhangError

__all__ = ["nearest", "read", "read_toml"]

T = TypeVar("T")
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def nearest(name: str, allowed: typing.Iterable[str]) -> str | None:
    """The allowed name that `name` most likely meant, or None."""
    found = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return found[0] if found else None


def read_toml(path: Path, *, error: type[QianhangError] = PackError, code: str = "QH201") -> Any:
    """The tables of a TOML file as plain dicts.

    Raises `error` naming the file and the place where the syntax breaks.
    """
    import tomli

    try:
        return tomli.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise error(code, f"{path}: the file is missing") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise error(code, f"{path}: not readable as TOML: {cause}") from None
    except OSError as cause:
        raise error(code, f"{path}: {cause.strerror}") from None


def read(
    kind: type[T],
    data: object,
    *,
    where: str,
    error: type[QianhangError] = PackError,
    code: str = "QH202",
) -> T:
    """`data` as an instance of the dataclass `kind`.

    where : file and key path, as errors shall print it
    Raises `error` naming the file, the key, what was found, what is allowed, the nearest name.
    """
    return typing.cast(T, _Reader(error, code).value(kind, data, where))


@functools.cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """Name -> (type, required) of a dataclass; a key may carry a trailing underscore in Python."""
    hints = typing.get_type_hints(kind)
    table: dict[str, tuple[Any, bool]] = {}
    for field in dataclasses.fields(kind):
        if field.metadata.get("derived"):
            continue
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        table[field.name] = (hints[field.name], required)
    return table


class _Reader:
    def __init__(self, error: type[QianhangError], code: str) -> None:
        self.error, self.code = error, code

    def fail(self, where: str, message: str, hint: str = "") -> NoReturn:
        raise self.error(self.code, f"{where}: {message}", hint=hint)

    def value(self, kind: Any, data: object, where: str) -> object:
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if kind is Any:
            return data
        if origin in (types.UnionType, typing.Union):
            return self.union(args, data, where)
        if origin is typing.Literal:
            return self.literal(args, data, where)
        if origin is tuple:
            return self.sequence(args[0], data, where)
        if origin is not None and issubclass(origin, Mapping):
            return self.mapping(args[1], data, where)
        if dataclasses.is_dataclass(kind):
            return self.table(typing.cast(type, kind), data, where)
        return self.scalar(kind, data, where)

    def table(self, kind: type, data: object, where: str) -> object:
        if not isinstance(data, dict):
            self.fail(where, f"found {_show(data)}, expected a table")
        fields = _fields(kind)
        for key in data:
            if key not in fields:
                guess = nearest(key, fields)
                hint = f"did you mean {guess}?" if guess else ""
                self.fail(where, f"unknown key {key!r}; allowed: {', '.join(fields)}", hint)
        for key, (_, required) in fields.items():
            if required and key not in data:
                self.fail(where, f"key {key!r} is missing")
        values = {k: self.value(fields[k][0], v, f"{where} {k}") for k, v in data.items()}
        try:
            return kind(**values)
        except ValueError as cause:
            self.fail(where, str(cause))

    def union(self, args: tuple[Any, ...], data: object, where: str) -> object:
        for kind in args:
            if kind is not type(None):
                try:
                    return self.value(kind, data, where)
                except self.error as cause:
                    last = cause
                    if dataclasses.is_dataclass(kind) and isinstance(data, dict):
                        break
        raise last

    def literal(self, allowed: tuple[Any, ...], data: object, where: str) -> object:
        if data not in allowed:
            guess = nearest(str(data), [str(a) for a in allowed])
            hint = f"did you mean {guess!r}?" if guess else ""
            names = ", ".join(repr(a) for a in allowed)
            self.fail(where, f"found {_show(data)}, allowed: {names}", hint)
        return data

    def sequence(self, item: Any, data: object, where: str) -> object:
        if not isinstance(data, list):
            self.fail(where, f"found {_show(data)}, expected a list")
        return tuple(self.value(item, d, f"{where}[{i}]") for i, d in enumerate(data))

    def mapping(self, item: Any, data: object, where: str) -> object:
        if not isinstance(data, dict):
            self.fail(where, f"found {_show(data)}, expected a table")
        return types.MappingProxyType(
            {k: self.value(item, v, f"{where} {k}") for k, v in data.items()}
        )

    def scalar(self, kind: type, data: object, where: str) -> object:
        if kind is float and isinstance(data, int) and not isinstance(data, bool):
            return float(data)
        if not isinstance(data, kind) or (kind is not bool and isinstance(data, bool)):
            expected = _NAMES.get(kind, kind.__name__)
            self.fail(where, f"found {_show(data)}, expected {expected}")
        return data


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
