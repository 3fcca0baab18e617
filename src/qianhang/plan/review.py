"""What was read becomes what is held to be so: by a named person, with what was before kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import items, schema
from qianhang.plan.author import signed, stamp
from qianhang.plan.items import Item, Plan
from qianhang.plan.ledger import expect_no_circle, write_assignments
from qianhang.plan.units_known import Place, know_units

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "Act",
    "confirm",
    "confirm_all",
    "edit",
    "edit_heading",
    "editable",
    "history",
    "reject",
]

_COMPARATORS = (">=", ">", "<=", "<", "~", "=")
_HEADING = (
    "title", "issuer", "doc_no", "date", "period", "level", "region", "status", "parent",
)  # fmt: skip
_NUMBERS = ("low", "high", "baseline")
_YEARS = ("deadline", "baseline_year")
_YES_NO = ("implicit", "yearly", "everywhere")
_NULLABLE = ("high", "baseline", "deadline", "baseline_year")


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a review, as the log keeps it; codes : the items, () for the heading."""

    seq: int
    at: str
    by: str
    action: str
    codes: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    why: str


def editable(item: Item) -> tuple[str, ...]:
    """The names of the values that a reviewer may change."""
    return schema.ITEMS[item.kind][1]


def confirm(store: Store, item: Item, *, by: str, at: datetime) -> Item:
    """The item, confirmed as it reads.

    Raises UsageError where somebody has changed it since it was seen, or nobody is named.
    """
    return _move(store, replace(item, state="confirmed"), seen=item, by=by, at=at)


def reject(store: Store, item: Item, *, by: str, at: datetime, why: str = "") -> Item:
    """The item, rejected: kept, but no part of the ledger's figures.

    Raises UsageError where somebody has changed it since it was seen, or nobody is named.
    """
    return _move(store, replace(item, state="rejected"), seen=item, by=by, at=at, why=why)


def edit(store: Store, item: Item, values: Mapping[str, Any], *, by: str, at: datetime) -> Item:
    """The item with these values in place of those read; what was before stays in the log.

    Without any value nothing is edited, and the item comes back as it is.

    Raises UsageError for a value that such an item does not have or cannot take, where somebody
    has changed it since it was seen, or nobody is named.
    """
    if not values:
        return item
    allowed = schema.ITEMS[item.kind][1]
    for name in values:
        if name not in allowed:
            message = f"{item.ref}: a {item.kind} has no {name!r}, only {', '.join(allowed)}"
            raise UsageError("QH823", message)
    clean = {name: _value(item, name, value) for name, value in values.items()}
    section = str(clean.pop("section", item.section))
    if "deadline" in clean:
        clean["deadline_source"] = "manual"
    new = replace(item, state="edited", section=section, values={**item.values, **clean})
    _check_range(new)
    return _move(store, new, seen=item, by=by, at=at)


def confirm_all(
    store: Store, plan: Plan, *, by: str, at: datetime, kinds: Collection[str] = ()
) -> int:
    """How many drafts were confirmed, in one step; the heading with them where no kind is given.

    What a model proposed is left out: a person looks at each.

    Raises UsageError where the plan was issued again since it was seen, or nobody is named.
    """
    by, moment = signed(by), stamp(at)
    with store.write() as tx:
        _expect_newest(tx, plan.id, plan.version, plan.ref)
        codes: list[str] = []
        headed = 0
        for kind, (table, _) in schema.ITEMS.items():
            if kinds and kind not in kinds:
                continue
            same = (table.c.plan == plan.id) & (table.c.version == plan.version)
            draft = same & (table.c.state == "draft")
            seen = tx.execute(sa.select(table).where(draft)).mappings()
            found = [i.code for i in (items.as_item(kind, row) for row in seen) if not i.proposed]
            codes += found
            done = {"state": "confirmed", "revision": table.c.revision + 1, "by": by, "at": moment}
            tx.execute(sa.update(table).where(draft & table.c.code.in_(found)).values(done))
        if not kinds:
            table = schema.plan
            done = {"state": "confirmed", "revision": table.c.revision + 1}
            draft = (table.c.id == plan.id) & (table.c.state != "confirmed")
            headed = tx.execute(sa.update(table).where(draft).values(done)).rowcount
        if codes or headed:
            payload = {"action": "confirmed", "codes": codes, "by": by, "version": plan.version}
            tx.append("plan.review", plan.ref, payload=payload, at=at)
    return len(codes)


def edit_heading(
    store: Store, plan: Plan, values: Mapping[str, Any], *, by: str, at: datetime
) -> Plan:
    """The plan with these values in its heading, confirmed.

    Raises UsageError for what a heading does not have, a parent that stands under the plan, or
    where somebody was faster.
    """
    wrong = [name for name in values if name not in _HEADING]
    if wrong:
        raise UsageError("QH823", f"{plan.ref}: a plan's heading has no {wrong[0]!r}")
    table = schema.plan
    with store.write() as tx:
        if values.get("parent") is not None:
            expect_no_circle(tx, plan, values["parent"])
        where = (table.c.id == plan.id) & (table.c.revision == plan.revision)
        row = {**values, "state": "confirmed", "revision": plan.revision + 1}
        if tx.execute(sa.update(table).where(where).values(row)).rowcount != 1:
            raise _conflict(plan.ref, "somebody", "")
        before = {name: getattr(plan, name) for name in values}
        payload = {"action": "edited", "codes": [], "before": before, "after": dict(values)}
        tx.append("plan.review", plan.ref, payload=payload | {"by": signed(by)}, at=at)
    return items.find_plan(store, plan.ref)


def history(store: Store, plan: Plan, code: str = "") -> tuple[Act, ...]:
    """The steps of a plan's review in order of time, or those that touched one item."""
    found = []
    for entry in store.entries(kind="plan.review", subject=plan.ref):
        told = entry.payload
        if code and code not in told["codes"]:
            continue
        before, after = told.get("before", {}), told.get("after", {})
        act = Act(
            entry.seq, entry.at, told["by"], told["action"], tuple(told["codes"]), before, after,
            told.get("why", ""),
        )  # fmt: skip
        found.append(act)
    return tuple(found)


def _move(store: Store, item: Item, *, seen: Item, by: str, at: datetime, why: str = "") -> Item:
    """Compare and set: the row must be as it was seen."""
    new = replace(item, revision=seen.revision + 1, by=signed(by), at=stamp(at))
    table = schema.ITEMS[item.kind][0]
    same = (
        (table.c.plan == item.plan)
        & (table.c.version == item.version)
        & (table.c.code == item.code)
    )
    with store.write() as tx:
        where = same & (table.c.revision == seen.revision)
        if tx.execute(sa.update(table).where(where).values(items.as_row(new))).rowcount != 1:
            raise _lost(tx, table, same, seen)
        if new.values.get("units") != seen.values.get("units"):
            write_assignments(tx, new, source="manual")
            named = [n for names in new.values["units"].values() for n in names]
            know_units(tx, named, _place(tx, new))
        payload = {
            "action": new.state, "codes": [new.code], "version": new.version, "by": new.by,
            "why": why, "before": _shown(seen, new), "after": _shown(new, seen),
        }  # fmt: skip
        tx.append("plan.review", f"P{new.plan}", payload=payload, at=at)
    return new


def _place(tx: Transaction, item: Item) -> Place:
    row = tx.execute(sa.select(schema.plan).where(schema.plan.c.id == item.plan)).mappings().one()
    return items.place_of(tx.connection, Plan(**row))


def _shown(item: Item, other: Item) -> dict[str, Any]:
    """The state, and the values that are not the other's."""
    changed = {k: v for k, v in item.values.items() if other.values[k] != v}
    moved = {"section": item.section} if item.section != other.section else {}
    return {"state": item.state, "by": item.by, **moved, **changed}


def _lost(tx: Transaction, table: sa.Table, same: sa.ColumnElement[bool], seen: Item) -> UsageError:
    row = tx.execute(sa.select(table).where(same)).mappings().one_or_none()
    if row is None:
        return UsageError("QH821", f"{seen.ref} is not in version {seen.version}")
    _expect_newest(tx, seen.plan, seen.version, seen.ref)
    return _conflict(seen.ref, f"{row['by']} ({row['state']})", row["at"])


def _expect_newest(tx: Transaction, plan: int, version: int, ref: str) -> None:
    newest = sa.select(schema.plan.c.version).where(schema.plan.c.id == plan)
    if tx.execute(newest).scalar() != version:
        message = f"{ref}: the plan was issued again since you looked"
        raise UsageError("QH822", message, hint="look again")


def _conflict(ref: str, who: str, when: str) -> UsageError:
    told = f" at {when}" if when else ""
    return UsageError(
        "QH822",
        f"{ref} was changed by {who}{told} while you looked at it: nothing of yours was written",
        hint="look at it again, then decide",
    )


def _value(item: Item, name: str, value: Any) -> Any:
    """The value in the form in which it is kept."""
    if value is None and name in _NULLABLE:
        return None
    try:
        if name in _NUMBERS:
            return _finite(float(value))
        if name in _YEARS:
            return _year(int(value))
    except (TypeError, ValueError) as cause:
        raise UsageError("QH823", f"{item.ref} {name}: {value!r} is {cause}") from None
    if name == "comparator" and value not in _COMPARATORS:
        expected = " ".join(_COMPARATORS)
        raise UsageError("QH823", f"{item.ref} comparator: {value!r} is none of {expected}")
    if name in _YES_NO:
        return bool(value)
    if name == "units":
        return {r: [str(n) for n in value.get(r, ())] for r in ("responsible", "lead", "support")}
    return str(value)


def _finite(value: float) -> float:
    if abs(value) == float("inf") or value != value:  # noqa: PLR0124  # NaN is not itself
        raise ValueError("no finite number")
    return value


def _year(value: int) -> int:
    if not 1900 <= value <= 2200:
        raise ValueError("no year between 1900 and 2200")
    return value


def _check_range(item: Item) -> None:
    low, high = item.values.get("low"), item.values.get("high")
    if low is not None and high is not None and high < low:
        raise UsageError("QH823", f"{item.ref}: the range {low:g} to {high:g} ends below its start")
