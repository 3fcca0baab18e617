"""The systems that the published action plans name, which packs and parts say they realise."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["System", "systems"]


@dataclass(frozen=True, slots=True)
class System:
    """One named system: id, name as printed, English gloss, plan sections, kind (P, S or M).

    source : sections in which it stands, by plan letter (H Henan, Z Zhejiang, C CPPCC,
        Q Qitaihe, J Jiangxi)
    """

    id: str
    name: str
    gloss: str
    source: str
    kind: str


@functools.cache
def systems() -> Mapping[str, System]:
    """Id -> system, all of them."""
    path = Path(__file__).with_name("systems.csv")
    with path.open(encoding="utf8", newline="") as file:
        return {row["id"]: System(**row) for row in csv.DictReader(file)}
