"""What a form asks a study to change, checked: a pool more, a site down, other knobs, PUE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qianhang.compute.flavour import flavours
from qianhang.core.errors import UsageError

__all__ = ["KNOBS", "changes_of", "number_of", "suffix_of"]

# Knobs of the policy that a form offers -> lowest, highest, factor from the form's unit to ours.
KNOBS: Mapping[str, tuple[float, float, float]] = {
    "reserve_after_s": (0, 8760, 3600.0), "area_power": (0, 4, 1.0), "chip_power": (0, 4, 1.0),
    "roam_power": (0, 4, 1.0), "share_step": (0, 100, 1.0),
}  # fmt: skip


def number_of(
    typed: Mapping[str, str], name: str, *, least: float, most: float, default: float | None = None
) -> float:
    """A number of the form within bounds; the default where nothing was typed.

    Raises UsageError naming field, what was found and what is expected.
    """
    text = typed.get(name, "").strip()
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        expected = f"a number from {least:g} to {most:g}"
        raise UsageError("QH880", f"{name}: found {text[:40]!r}, expected {expected}")
    return value


def suffix_of(name: str, known: Sequence[str]) -> str:
    """The ending of a file's name, one of those known.

    Raises UsageError for any other.
    """
    ending = Path(name.lower()).suffix
    if ending not in known:
        raise UsageError("QH883", f"{name[:80]!r} is not of a kind that is read: {' '.join(known)}")
    return ending


def changes_of(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The changes that a form asks for, each a case of its own.

    Raises UsageError where a field is wrong, or nothing is to change.
    """
    found: list[dict[str, Any]] = []
    if typed.get("more"):
        found.append(_more(typed))
    knobs = {n: number_of(typed, n, least=low, most=high) * factor
             for n, (low, high, factor) in KNOBS.items() if typed.get(n, "").strip()}  # fmt: skip
    if knobs:
        found.append({"kind": "policy", "knobs": knobs})
    down = [name for name in typed.get("down", "").replace(",", " ").split() if name][:4]
    found += [{"kind": "down", "pool": name[:80]} for name in down]
    if typed.get("green"):
        price = number_of(typed, "green_price", least=0, most=100, default=0.6)
        found.append({"kind": "green", "power_fen_kwh": price * 100})
    if not found:
        raise UsageError("QH880", "no change was asked for: expected at least one")
    return found


def _more(typed: Mapping[str, str]) -> dict[str, Any]:
    flavour = typed.get("flavour", "")
    if flavour not in flavours():
        raise UsageError("QH880", f"flavour: found {flavour[:40]!r}, expected one that is listed")
    return {
        "kind": "more", "flavour": flavour,
        "nodes": int(number_of(typed, "nodes", least=1, most=10_000, default=8)),
        "chips_per_node": int(number_of(typed, "chips_per_node", least=1, most=64, default=8)),
        "pue": number_of(typed, "pue", least=1, most=4, default=1.25),
        "price_fen": int(100 * number_of(typed, "price", least=0, most=10_000, default=0)),
        "power_fen_kwh": 100 * number_of(typed, "power", least=0, most=100, default=0),
    }  # fmt: skip
