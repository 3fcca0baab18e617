"""The tables of what is measured: meters by month, lines by probe, chips by benchmark job."""

from __future__ import annotations

from sqlalchemy import Index, Table

from qianhang.compute.columns import long, real, signed, text, whole
from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "bench", "line", "meter"]

PART = Part("green", "qianhang.compute.green.migrations", "green_0001")


# A site's meters over a month, as told last; what was told before stands in the log.
meter = Table(
    "green_meter", metadata, text("site", 40, primary_key=True),
    text("month", 7, primary_key=True), real("total_kwh"), real("it_kwh"), text("source", 200),
    text("file", 64), *signed(),
)  # fmt: skip
# One probe of the line between two pools, a before b; body : what its two ends told.
line = Table(
    "green_line", metadata, text("a", 40, primary_key=True), text("b", 40, primary_key=True),
    text("at", 32, primary_key=True), real("gbps"), real("ms"), text("method", 80),
    long("body"), text("by", 80),
)  # fmt: skip
# What a benchmark job found on one node; tflops : of one chip.
bench = Table(
    "green_bench", metadata, text("job", 40, primary_key=True), text("pool", 40),
    text("flavour", 40), text("node", 120), whole("chips"),
    text("precision", 8), real("tflops"), real("nameplate"),
    long("body"), *signed(), Index(None, "pool", "flavour"),
)  # fmt: skip
