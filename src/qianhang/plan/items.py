"""What the ledger holds of a plan: its heading, its items with their places, who answers."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.day import day_of
from qianhang.core.errors import UsageError
from qianhang.plan import schema
from qianhang.plan.units_known import Place, aliases, same_as
from qianhang.store.kept import Kept

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = [
    "CONFIRMED",
    "Assignment",
    "Item",
    "Led",
    "Plan",
    "answering",
    "assignments",
    "children",
    "find_item",
    "find_plan",
    "items",
    "leaders",
    "place_of",
    "plans",
    "text_of_plan",
    "unit_key",
    "visible",
]

CONFIRMED = ("confirmed", "edited")
_KINDS = {"S": "section", "K": "task", "T": "target", "Y": "system", "M": "measure"}
_REF = re.compile(r"P?(\d+)\.([SKTYM])(\d+)", re.IGNORECASE)
_JSON = ("units", "also", "read")
_OWN = (
    "plan", "version", "code", "section", "span", "start", "end", "state", "revision", "by", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan's heading, as of its newest version.

    parent : id of the plan that it carries out (a city's under its province's), None where none
    org : organisation that keeps it
    """

    id: int
    title: str
    issuer: str
    doc_no: str
    date: str
    period: str
    level: str
    region: str
    status: str
    parent: int | None
    version: int
    state: str
    revision: int
    by: str
    at: str
    org: str = "root"

    @property
    def ref(self) -> str:
        """What commands call it: P1."""
        return f"P{self.id}"

    @property
    def start(self) -> datetime.date | None:
        """The first day of its period, else the day of the document."""
        year = re.match(r"(\d{4})-", self.period)
        if year:
            return datetime.date(int(year[1]), 1, 1)
        return (
            datetime.date.fromisoformat(self.date)
            if re.fullmatch(r"\d{4}-\d\d-\d\d", self.date)
            else None
        )

    @property
    def end(self) -> datetime.date | None:
        """The last day of its period."""
        year = re.search(r"(\d{4})$", self.period)
        return datetime.date(int(year[1]), 12, 31) if year else None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was read from a plan, or added by hand, and where its review stands.

    kind : section, task, target, system or measure
    state : draft, confirmed, edited or rejected
    values : what is held to be so, by name; see `schema.ITEMS`
    read : the same as the reader read it, before any edit; empty for what was added by hand
    """

    kind: str
    plan: int
    version: int
    code: str
    section: str
    span: str
    start: int
    end: int
    state: str
    revision: int
    by: str
    at: str
    values: Mapping[str, Any]
    read: Mapping[str, Any]

    @property
    def ref(self) -> str:
        """What commands call it: P1.T3."""
        return f"P{self.plan}.{self.code}"

    @property
    def name(self) -> str:
        """Its title, indicator or name."""
        return next(str(self.values[n]) for n in ("title", "indicator", "name") if n in self.values)

    @property
    def proposed(self) -> bool:
        """Whether a model proposed it, whoever stands behind it since."""
        return self.read.get("source") == "model"

    @property
    def pending(self) -> bool:
        """Whether a model proposed it and nobody has settled it: no table may count it."""
        return self.proposed and self.state == "draft"

    @property
    def confirmed(self) -> bool:
        """Whether a person stands behind it."""
        return self.state in CONFIRMED


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who answers for an item.

    source : printed, convention (the first of those responsible leads) or manual
    """

    plan: int
    item: str
    unit: str
    role: str
    position: int
    source: str


_PLANS = sa.select(*(schema.plan.c[n] for n in Plan.__slots__)).order_by(schema.plan.c.id)


@dataclass(frozen=True, slots=True)
class Led:
    """Who leads an item, each unit under the name that the plan prints first.

    convention : no leader is printed, the first of those responsible leads
    """

    units: tuple[str, ...] = ()
    convention: bool = False


def plans(store: Store) -> tuple[Plan, ...]:
    """Every plan, in the order in which they came."""
    return _KEPT.of(store)


def _plans(connection: sa.Connection) -> tuple[Plan, ...]:
    return tuple(Plan(*row) for row in connection.execute(_PLANS))


# A plan that is imported, reviewed or put under another is in the log.
_KEPT = Kept(_plans, "plan.")


def visible(plan: Plan, *, covers: Collection[str], above: Collection[str]) -> bool:
    """Whether a reader with roles in `covers`, of the organisations `above`, may see the plan."""
    return plan.org in covers or plan.org in above


def find_plan(store: Store, ref: str) -> Plan:
    """The plan with this reference ("P1" or "1"), or the one whose title holds these words.

    Raises UsageError where none or several do.
    """
    every = plans(store)
    number = re.fullmatch(r"[Pp]?(\d{1,9})", ref)
    found = [p for p in every if number and p.id == int(number[1])]
    found = found or [p for p in every if ref and ref in p.title]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("QH820", f"plan {ref!r} does not exist", hint="qianhang plan list")
    refs = ", ".join(p.ref for p in found)
    raise UsageError("QH820", f"{len(found)} plans match {ref!r}: {refs}", hint="give the number")


def children(store: Store, plan: Plan) -> tuple[Plan, ...]:
    """The plans that carry this one out, and those that carry them out."""
    every = plans(store)
    found: list[Plan] = []
    waiting = [plan.id]
    while waiting:
        up = waiting.pop(0)
        below = [p for p in every if p.parent == up and p not in found and p.id != plan.id]
        found += below
        waiting += [p.id for p in below]
    return tuple(found)


def items(
    store: Store,
    plan: Plan,
    *,
    kind: str = "",
    states: Collection[str] = (),
    version: int | None = None,
) -> tuple[Item, ...]:
    """A version's items (the newest unless told), of one kind and some states where given.

    They come in the order of the text, kind by kind.
    """
    wanted = plan.version if version is None else version
    with store.read() as connection:
        found = _items(connection, plan.id, wanted, kind)
    return tuple(i for i in found if not states or i.state in states)


def _items(connection: sa.Connection, plan: int, version: int, kind: str) -> list[Item]:
    found: list[Item] = []
    for name, (table, _) in schema.ITEMS.items():
        if kind in ("", name):
            where = (table.c.plan == plan) & (table.c.version == version)
            rows = connection.execute(sa.select(table).where(where)).mappings()
            found += sorted((as_item(name, row) for row in rows), key=_place)
    return found


def _place(item: Item) -> tuple[bool, int, int]:
    """Added by hand (no place in the text) comes last."""
    return item.start < 0, item.start, int(item.code[1:])


def as_item(kind: str, row: Mapping[Any, Any]) -> Item:
    """A row of an item's table as a value."""
    values = {
        name: json.loads(cell) if name in _JSON else cell
        for name, cell in row.items()
        if name not in _OWN
    }
    read = values.pop("read")
    return Item(kind, **{name: row[name] for name in _OWN}, values=values, read=read)


def as_row(item: Item) -> dict[str, Any]:
    """An item as a row of its table."""
    own = {name: getattr(item, name) for name in _OWN}
    return own | {
        name: json.dumps(value, ensure_ascii=False, sort_keys=True) if name in _JSON else value
        for name, value in {**item.values, "read": item.read}.items()
    }


def find_item(store: Store, ref: str) -> Item:
    """The item with this reference, "P1.T3", in the plan's newest version.

    Raises UsageError where there is none.
    """
    parts = _REF.fullmatch(ref.strip())
    if not parts:
        raise UsageError(
            "QH821",
            f"{ref!r} is no item of a plan",
            hint="items look like P1.T3: qianhang plan show",
        )
    plan = find_plan(store, parts[1])
    code = parts[2].upper() + parts[3]
    for item in items(store, plan, kind=_KINDS[code[0]]):
        if item.code == code:
            return item
    message = f"plan {plan.ref} has no item {code} in version {plan.version}"
    raise UsageError("QH821", message, hint=f"qianhang plan show {plan.ref}")


def assignments(store: Store, plan: Plan) -> tuple[Assignment, ...]:
    """Who answers for what in the plan's newest version, in printed order."""
    table = schema.assignment
    where = (table.c.plan == plan.id) & (table.c.version == plan.version)
    query = sa.select(*(table.c[n] for n in Assignment.__slots__)).where(where)
    with store.read() as connection:
        rows = connection.execute(query.order_by(table.c.id)).mappings()
        return tuple(Assignment(**row) for row in rows)


def place_of(connection: sa.Connection, plan: Plan) -> Place:
    """Where and when the plan's units are printed."""
    on = day_of(plan.date if re.fullmatch(r"\d{4}-\d\d-\d\d", plan.date) else plan.at)
    known = aliases(connection, region=plan.region, on=on)
    return Place(plan.region, plan.level, on, known)


def unit_key(store: Store, plan: Plan) -> Callable[[str], str]:
    """Printed name -> what all names of one unit in this plan share."""
    with store.read() as connection:
        return place_of(connection, plan).key


def leaders(store: Store, plan: Plan) -> Mapping[str, Led]:
    """Code -> who leads it; what has no units of its own has those of its section, or of the
    nearest section above that has some."""
    return _answering(store, plan, roles=("lead",))


def answering(store: Store, plan: Plan) -> Mapping[str, Led]:
    """Code -> every unit named for it in whatever role, found as leaders are."""
    return _answering(store, plan, roles=("lead", "responsible", "support"))


def _answering(store: Store, plan: Plan, *, roles: Collection[str]) -> Mapping[str, Led]:
    told = assignments(store, plan)
    names = same_as((row.unit for row in told), unit_key(store, plan))
    rows_of: dict[str, list[Assignment]] = {}
    for row in told:
        if row.role in roles:
            rows_of.setdefault(row.item, []).append(row)
    by_code = {
        code: Led(
            tuple(dict.fromkeys(names[r.unit] for r in rows)),
            all(r.source == "convention" for r in rows),
        )
        for code, rows in rows_of.items()
    }
    every = items(store, plan)
    first: dict[str, Item] = {}
    for i in every:
        if i.kind == "section":
            first.setdefault(i.section, i)
    by_path = {path: by_code[i.code] for path, i in first.items() if i.code in by_code}
    within = _within_rows(every, first, by_code)
    return {
        i.code: by_code.get(i.code) or within.get(i.code) or _inherited(by_path, i.section)
        for i in every
    }


def _within_rows(
    every: Sequence[Item], first: Mapping[str, Item], by_code: Mapping[str, Led]
) -> dict[str, Led]:
    """Rows of an annexed table, numbered from 1 again, answer for what stands in them alone."""
    rows = [
        i for i in every
        if i.kind == "task" and i.section in first and first[i.section].start < i.start
    ]  # fmt: skip
    return {
        i.code: by_code[row.code]
        for row in rows
        if row.code in by_code
        for i in every
        if row.start <= i.start and i.end <= row.end
    }


def _inherited(by_path: Mapping[str, Led], path: str) -> Led:
    while path:
        if path in by_path:
            return by_path[path]
        path = path.rpartition(".")[0]
    return Led()


def text_of_plan(store: Store, plan: Plan, version: int | None = None) -> str:
    """The text into which the items' places point, unchanged since it was read."""
    table = schema.plan_text
    wanted = plan.version if version is None else version
    where = (table.c.plan == plan.id) & (table.c.version == wanted)
    with store.read() as connection:
        sha = connection.execute(sa.select(table.c.text_sha256).where(where)).scalar()
    if sha is None:
        raise UsageError("QH820", f"plan {plan.ref} has no version {wanted}")
    return store.files.get(sha).decode("utf8")
