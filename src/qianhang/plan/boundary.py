"""The operator's own map: GeoJSON with its approval number, kept in the store; none ships."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import UsageError
from qianhang.plan.atlas import place_of
from qianhang.plan.author import signed

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Boundary", "boundary", "content", "keep"]

_KIND = "map.imported"
_LARGEST = 32 << 20
_APPROVAL = re.compile(r"[一-龥A-Za-z]{1,8}[(（\[〔]\d{4}[)）\]〕]\d{1,6}号?")
_SHAPES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Boundary:
    """A map that was imported: its approval number, which is printed on it, and its regions."""

    approval: str
    sha256: str
    regions: tuple[str, ...]
    by: str
    at: str


def keep(store: Store, raw: bytes, *, approval: str, by: str, at: datetime) -> Boundary:
    """The map, in force from now.

    approval : as the authority gave it, such as GS(2024)0650号
    Raises UsageError where the number has no such form, or the file is no GeoJSON of our regions.
    """
    number = approval.strip().removeprefix("审图号：").removeprefix("审图号:").strip()
    if not _APPROVAL.fullmatch(number):
        message = f"approval number {approval[:40]!r}: expected one such as GS(2024)0650号"
        raise UsageError("QH835", message, hint="it stands on the map that the authority approved")
    regions = _regions(raw)
    sha = store.files.put(raw)
    payload = {
        "approval": number, "regions": regions, "by": signed(by), "files": {"map.json": sha},
    }  # fmt: skip
    with store.write() as tx:
        tx.append(_KIND, "map", payload=payload, at=at)
    found = boundary(store)
    if found is None:
        raise UsageError("QH835", "the map was not kept")
    return found


def boundary(store: Store) -> Boundary | None:
    """The map in force, None where none was imported."""
    every = store.entries(kind=_KIND)
    if not every:
        return None
    last = every[-1]
    told = last.payload
    files = told["files"]
    return Boundary(
        told["approval"], files["map.json"], tuple(told["regions"]), told["by"], last.at
    )


def content(store: Store, one: Boundary) -> bytes:
    """The GeoJSON as it was imported."""
    return store.files.get(one.sha256)


def _regions(raw: bytes) -> list[str]:
    if len(raw) > _LARGEST:
        raise UsageError(
            "QH835", f"the map holds {len(raw):,} bytes, at most {_LARGEST:,} are taken"
        )
    try:
        body = json.loads(raw)
    except ValueError as cause:
        raise UsageError("QH835", f"the map is not JSON: {cause}") from None
    found = [_name(f) for f in _features(body)]
    ours = [name for name in found if name and place_of(name)]
    if not ours:
        raise UsageError(
            "QH835", "no feature of the map is named after a province or city",
            hint='each feature needs properties.name, such as "河南省"',
        )  # fmt: skip
    return list(dict.fromkeys(ours))


def _features(body: Any) -> list[Any]:
    features = body.get("features") if isinstance(body, dict) else None
    if not isinstance(features, list) or body.get("type") != "FeatureCollection":
        raise UsageError("QH835", "the map is no GeoJSON FeatureCollection")
    return features


def _name(feature: Any) -> str:
    shape = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(shape, dict) or shape.get("type") not in _SHAPES:
        return ""
    return str((feature.get("properties") or {}).get("name", ""))[:80]
