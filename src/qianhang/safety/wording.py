"""The catalogue of what the gate says, in both languages."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qianhang.core import schema
from qianhang.core.manifest import Words

__all__ = ["CODES", "Entry", "words"]

_FILE = Path(__file__).with_name("words.toml")

CODES = (
    "bars_unmet",
    "device_unregistered",
    "duplicates_across_split",
    "licence_copyleft",
    "licence_non_commercial",
    "licence_research",
    "negative_list",
    "no_better_than_baseline",
    "no_calibration",
    "no_human_role",
    "no_subgroups",
    "own_data_without_bar",
    "random_split",
    "risk_below_floor",
    "sample_data",
    "simulator",
    "too_few_events",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands for one code: a line, and what the reader can do about it."""

    title: Words
    todo: Words


def words(code: str) -> Entry:
    """The words for a code of the gate; KeyError where there is no such code."""
    return _catalogue()[code]


@functools.cache
def _catalogue() -> Mapping[str, Entry]:
    raw = schema.read_toml(_FILE)
    return {code: schema.read(Entry, raw[code], where=f"{_FILE.name} {code}") for code in raw}
