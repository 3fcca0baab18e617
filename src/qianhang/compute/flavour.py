"""Chips by our own stable id: names, aliases, memory, speed, power, each figure with its source."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from qianhang.core import schema
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words

__all__ = ["Figure", "Flavour", "find", "flavours", "load"]

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the maker or of a measurement, and how we know it."""

    value: float
    source: str
    verified: Literal["read", "recalled", "measured", "recomputed"]


@dataclass(frozen=True, slots=True)
class Flavour:
    """One kind of chip; makers rename their products, so `id` is ours and never changes.

    aliases : every other name by which engines and people know it; case, space, - and _ are alike
    memory_gib : memory of one chip, GiB
    fp16_tflops : dense FP16 (or BF16) peak of one chip, TFlops
    busy_w, idle_w : power of one chip at full load and at rest, W
    speed : task kind -> measured speed, NVIDIA V100 = 1; a kind that is not there is unmeasured
    """

    id: str
    name: Words
    vendor: str
    memory_gib: Figure
    fp16_tflops: Figure
    busy_w: Figure
    idle_w: Figure
    kind: Literal["gpu", "npu", "cpu"] = "gpu"
    aliases: tuple[str, ...] = ()
    speed: Mapping[str, Figure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"flavour id {self.id!r}: a-z 0-9 joined by single - are allowed")

    def speed_for(self, task_kind: str) -> float:
        """How many times faster than a V100 this task kind runs; 1 where nobody measured it."""
        figure = self.speed.get(task_kind)
        return figure.value if figure else 1.0

    def pflops_hours(self, chip_hours: float) -> float:
        """Normalised work of that many chip-hours, PFlops-hours of dense FP16."""
        return chip_hours * self.fp16_tflops.value / 1000.0


@dataclass(frozen=True, slots=True)
class _File:
    flavours: tuple[Flavour, ...]


def load(path: Path) -> Mapping[str, Flavour]:
    """Flavours of a TOML file by id, in the file's order.

    Raises UsageError QH530 naming the place that is wrong, QH531 where two share a name.
    """
    table = schema.read_toml(path, error=UsageError, code="QH530")
    found = schema.read(_File, table, where=path.name, error=UsageError, code="QH530").flavours
    _names(found)
    return MappingProxyType({one.id: one for one in found})


@functools.cache
def flavours() -> Mapping[str, Flavour]:
    """The flavours that come with the product, by id."""
    return load(Path(__file__).with_name("flavours.toml"))


def find(name: str, known: Mapping[str, Flavour] | None = None) -> Flavour:
    """The flavour with this id, name or alias.

    Raises UsageError QH531 with the nearest known name.
    """
    among = flavours() if known is None else known
    names = _shipped() if known is None else _names(tuple(known.values()))
    key = _plain(name)
    if key not in names:
        guess = schema.nearest(key, names)
        hint = f"did you mean {names[guess].id}?" if guess else f"known: {', '.join(among)}"
        raise UsageError("QH531", f"no chip is known as {name!r}", hint=hint)
    return names[key]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


@functools.cache
def _shipped() -> dict[str, Flavour]:
    return _names(tuple(flavours().values()))


def _names(among: tuple[Flavour, ...]) -> dict[str, Flavour]:
    found: dict[str, Flavour] = {}
    for one in among:
        for key in {_plain(n) for n in (one.id, one.name.zh, one.name.en, *one.aliases)}:
            if key in found:
                raise UsageError(
                    "QH531", f"two chips are known as {key!r}: {found[key].id} and {one.id}"
                )
            found[key] = one
    return found
