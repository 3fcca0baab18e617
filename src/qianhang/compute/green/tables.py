"""The tables of what is measured: meters by month, lines by probe, chips by benchmark job."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "bench", "line", "meter"]

PART = Part("green", "qianhang.compute.green.migrations", "green_0001")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _real(name: str) -> Column[Any]:
    return Column(name, Float, nullable=False)


def _signed() -> tuple[Column[Any], Column[Any]]:
    """Who wrote the row, and when."""
    return _text("by", 80), _text("at", 32)


# A site's meters over a month, as told last; what was told before stands in the log.
meter = Table(
    "green_meter", metadata, _text("site", 40, primary_key=True),
    _text("month", 7, primary_key=True), _real("total_kwh"), _real("it_kwh"), _text("source", 200),
    _text("file", 64), *_signed(),
)  # fmt: skip
# One probe of the line between two pools, a before b; body : what its two ends told.
line = Table(
    "green_line", metadata, _text("a", 40, primary_key=True), _text("b", 40, primary_key=True),
    _text("at", 32, primary_key=True), _real("gbps"), _real("ms"), _text("method", 80),
    Column("body", Text, nullable=False), _text("by", 80),
)  # fmt: skip
# What a benchmark job found on one node; tflops : of one chip.
bench = Table(
    "green_bench", metadata, _text("job", 40, primary_key=True), _text("pool", 40),
    _text("flavour", 40), _text("node", 120), Column("chips", Integer, nullable=False),
    _text("precision", 8), _real("tflops"), _real("nameplate"),
    Column("body", Text, nullable=False), *_signed(), Index(None, "pool", "flavour"),
)  # fmt: skip
