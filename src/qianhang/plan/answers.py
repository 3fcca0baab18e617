"""Evidence for one target, from a person or a connector: held against the target, then kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import ContractError, UsageError
from qianhang.plan import quantity
from qianhang.plan.evidence import Observation, observe
from qianhang.plan.items import Item, find_item, find_plan
from qianhang.plan.rules import rules_of

if TYPE_CHECKING:
    from qianhang.store import LogEntry, Store

__all__ = ["Asked", "about", "answer", "answer_with", "asked", "facts_of"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record speaks of; ratio : whether its rule divides one figure by another."""

    item: Item
    ratio: bool


def answer(
    store: Store,
    item: Item,
    seen: Observation,
    *,
    by: str,
    at: datetime,
    file: Path | None = None,
) -> LogEntry:
    """The new record for one target by a person: grade C with the document, which is kept, else D.

    A value without a unit is in the target's own; one in another unit is kept as it was given and
    converted where it is read.

    Raises UsageError where the item is no target, the unit cannot be converted to the target's, the
    file is not there or empty, or the record cannot be.
    """
    if file and not file.is_file():
        raise UsageError("QH825", f"{file}: there is no such file")
    return answer_with(store, item, seen, files={file.name: file} if file else {}, by=by, at=at)


def answer_with(
    store: Store,
    item: Item,
    seen: Observation,
    *,
    files: Mapping[str, Path | bytes],
    by: str,
    at: datetime,
) -> LogEntry:
    """As `answer`, with documents by name, each as its bytes or where it lies."""
    if item.kind != "target":
        raise UsageError("QH825", f"{item.ref} is a {item.kind}: expected a target")
    for name, file in files.items():
        if not (file if isinstance(file, bytes) else file.stat().st_size):
            raise UsageError("QH825", f"{name}: the file is empty, expected the document itself")
    unit = item.values["unit"] if seen.value is not None and not seen.unit else seen.unit
    wrong = _unit_refused(Asked(item, _ratio(store, item)), replace(seen, unit=unit))
    if wrong:
        raise UsageError("QH825", f"{item.ref} {item.name}, unit: {wrong}")
    kept = {name: store.files.put(file) for name, file in files.items()}
    whole = replace(seen, target=item.ref, unit=unit, files={**seen.files, **kept})
    with store.write() as tx:
        return observe(tx, whole, grade="C" if kept else "D", by=by, at=at)


def asked(store: Store, refs: Iterable[str]) -> dict[str, Asked]:
    """Reference as it was given -> the item that it names; what names none is left out."""
    found = {}
    for ref in dict.fromkeys(refs):
        with contextlib.suppress(UsageError):
            item = find_item(store, ref)
            found[ref] = Asked(item, _ratio(store, item))
    return found


def about(known: Mapping[str, Asked], seen: Observation, *, where: str) -> Observation:
    """A connector's record, its target written as the ledger writes it.

    where : file and record, for errors
    Raises ContractError for a target that is not there, or a unit that it cannot be read from.
    """
    if not seen.target:
        return seen
    found = known.get(seen.target)
    if found is None or found.item.kind != "target":
        what = f"{seen.target!r}" + (f", a {found.item.kind}" if found else "")
        message = f"{where}, field target: found {what}, expected a target of the ledger"
        raise ContractError("QH183", message, hint="targets look like P1.T3: qianhang plan show")
    wrong = _unit_refused(found, seen)
    if wrong:
        item = found.item
        raise ContractError("QH183", f"{where}, field unit: {wrong} ({item.ref} {item.name})")
    return replace(seen, target=found.item.ref)


def facts_of(pairs: Iterable[str]) -> dict[str, Any]:
    """Facts typed as name=value; a value that reads as JSON is what it reads as, else text.

    Raises UsageError for a pair without a name.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark or not name:
            raise UsageError("QH825", f"fact {pair!r}: expected name=value")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def _ratio(store: Store, item: Item) -> bool:
    rule = rules_of(store, find_plan(store, f"P{item.plan}")).get(item.code)
    return rule is not None and rule.per is not None


def _unit_refused(asked: Asked, seen: Observation) -> str:
    """What is wrong with the unit, "" where the target can be read from it.

    A ratio is read from records in units of their own: what counts must agree with its like.
    """
    wanted = asked.item.values["unit"]
    if seen.value is None or (asked.ratio and seen.kind != "claim"):
        return ""
    try:
        quantity.convert(seen.value, from_=seen.unit, to=wanted)
    except ValueError:
        found = f"found {seen.unit!r}, expected {wanted!r}"
        return found if not wanted else f"{found} or a unit that converts to it"
    return ""
