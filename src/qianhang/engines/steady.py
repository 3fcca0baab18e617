"""LightGBM's settings for the same trees from the same seed, however many cores there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["STEADY"]

STEADY: Mapping[str, bool | int] = MappingProxyType(
    {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
)
