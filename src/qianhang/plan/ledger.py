"""Documents put into the ledger: bytes and text kept as they came, everything read a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import ContractError, UsageError
from qianhang.plan import items, revision, rules, schema
from qianhang.plan.author import signed, stamp, take_turns
from qianhang.plan.items import Item, Plan
from qianhang.plan.reading.region import region_of
from qianhang.plan.units_known import know_units

if TYPE_CHECKING:
    from qianhang.plan.document import Document, Units
    from qianhang.store import Store, Transaction

__all__ = ["Kept", "add_task", "expect_no_circle", "keep", "write_assignments"]

PARSER = "rules/1"
_ROLES = ("responsible", "lead", "support")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a document.

    again : these very bytes were there already, nothing was changed
    difference : what differs from the version before, None for a plan's first
    """

    plan: Plan
    version: int
    again: bool
    difference: revision.Difference | None


def keep(
    store: Store,
    document: Document,
    *,
    raw: bytes,
    by: str,
    at: datetime,
    media: str = "text/plain",
    region: str = "",
    parent: Plan | None = None,
    org: str = "root",
) -> Kept:
    """The plan in the ledger, its items drafts: a new one, or a new version of the same plan.

    raw : the file's own bytes; they and the text are kept unchanged
    parent : the plan that this one carries out
    org : organisation that keeps it; the same document may be kept by several, apart
    Raises UsageError where nobody is named or the parent carries this plan out itself,
    ContractError where the document is no plan.
    """
    by = signed(by)
    _expect_plan(document)
    files = {"source": store.files.put(raw), "text": store.files.put(document.text.encode())}
    region = region or region_of(document.issuer, document.title, "")
    with store.write() as tx:
        take_turns(tx)
        known = _known(tx, files["source"], org)
        if known:
            return Kept(_under(tx, known[0], parent, by=by, at=at), known[1], True, None)
        before = _same_plan(tx, document, region=region, org=org)
        if before and parent:
            expect_no_circle(tx, before, parent.id)
        head = _head(document, region=region, parent=parent, by=by, at=stamp(at)) | {"org": org}
        plan = _put_plan(tx, head, before)
        old = items._items(tx.connection, before.id, before.version, "") if before else []
        drafts = _drafts(document, plan)
        where = items.place_of(tx.connection, plan)
        codes = _codes(tx, plan)
        new = revision.carried(old, drafts, codes=codes, unit=where.key) if before else drafts
        new += revision.restated(old, new, text=document.text)
        _put_text(tx, plan, document, files=files, media=media)
        put_items(tx, new)
        know_units(tx, [u for i in new for u in _unit_names(i)], where)
        _know_indicators(tx, new)
        rules.propose(tx, new, plan=plan, at=at)
        payload = {"title": plan.title, "version": plan.version, "by": by, "files": files}
        tx.append("plan.imported", plan.ref, payload=payload, at=at)
    changed = revision.difference(old, new, unit=where.key) if before else None
    return Kept(plan, plan.version, False, changed)


def _expect_plan(document: Document) -> None:
    """Refuses a text in which nothing is to be reached, built, used or answered for."""
    answered = any(s.units for s in document.sections) or any(t.units for t in document.tasks)
    if answered or document.targets or document.systems or document.measures:
        return
    raise ContractError(
        "QH185",
        f"{document.file}: found {len(document.text):,} characters with {len(document.sections)} "
        f"headings, and no target, system, measure or responsible unit; expected an action plan",
        hint=f"qianhang plan read {document.file} shows what was found",
    )


def _under(tx: Transaction, plan: Plan, parent: Plan | None, *, by: str, at: datetime) -> Plan:
    """The plan, put under a parent where one is given that it did not have."""
    if parent is None or parent.id == plan.parent:
        return plan
    expect_no_circle(tx, plan, parent.id)
    table = schema.plan
    tx.execute(sa.update(table).where(table.c.id == plan.id).values(parent=parent.id))
    tx.append("plan.parent", plan.ref, payload={"parent": parent.ref, "by": by}, at=at)
    return replace(plan, parent=parent.id)


def expect_no_circle(tx: Transaction, plan: Plan, parent: int) -> None:
    """Raises UsageError where the parent is the plan itself, or stands somewhere under it."""
    table = schema.plan
    up = {row.id: row.parent for row in tx.execute(sa.select(table.c.id, table.c.parent))}
    above: list[int] = []
    step: int | None = parent
    while step is not None and step not in above:
        above.append(step)
        step = up.get(step)
    if plan.id in above:
        what = "itself" if parent == plan.id else f"P{parent}, which stands under it"
        message = f"{plan.ref} cannot be put under {what}; expected a plan above it"
        raise UsageError("QH826", message)


def _known(tx: Transaction, sha: str, org: str) -> tuple[Plan, int] | None:
    table = schema.plan_text
    query = (
        sa.select(table.c.plan, table.c.version)
        .join(schema.plan, schema.plan.c.id == table.c.plan)
        .where(table.c.sha256 == sha, schema.plan.c.org == org)
    )
    row = tx.execute(query.order_by(table.c.plan)).first()
    return (_plan(tx, row.plan), row.version) if row else None


def _plan(tx: Transaction, number: int) -> Plan:
    row = tx.execute(sa.select(schema.plan).where(schema.plan.c.id == number)).mappings().one()
    return Plan(**row)


def _same_plan(tx: Transaction, document: Document, *, region: str, org: str) -> Plan | None:
    """The organisation's plan that this document issues again: its title, and its region or else
    its issuer."""
    query = sa.select(schema.plan).where(schema.plan.c.org == org).order_by(schema.plan.c.id)
    for row in tx.execute(query).mappings():
        plan = Plan(**row)
        if not revision.same_title(plan.title, document.title):
            continue
        pairs = ((plan.region, region), (plan.issuer, document.issuer))
        said = [(a, b) for a, b in pairs if a and b]
        if not said or revision.plain(said[0][0]) == revision.plain(said[0][1]):
            return plan
    return None


def _head(
    document: Document, *, region: str, parent: Plan | None, by: str, at: str
) -> dict[str, Any]:
    names = ("title", "issuer", "doc_no", "date", "period", "level", "status")
    head: dict[str, Any] = {name: getattr(document, name) for name in names}
    head["title"] = head["title"] or document.file
    up = parent.id if parent else None
    return head | {"region": region, "parent": up, "by": by, "at": at}


def _put_plan(tx: Transaction, head: Mapping[str, Any], before: Plan | None) -> Plan:
    """The row of the plan, new or with the heading of its newest version."""
    table = schema.plan
    if before is None:
        row = {**head, "version": 1, "state": "draft", "revision": 0}
        made = tx.execute(sa.insert(table).values(row))
        return _plan(tx, int(made.inserted_primary_key[0]))  # type: ignore[index]  # one row was made
    kept = {name: value for name, value in head.items() if value not in ("", None)}
    row = {**kept, "version": before.version + 1, "state": "draft", "revision": before.revision + 1}
    tx.execute(sa.update(table).where(table.c.id == before.id).values(row))
    return _plan(tx, before.id)


def _put_text(
    tx: Transaction, plan: Plan, document: Document, *, files: Mapping[str, str], media: str
) -> None:
    row = {
        "plan": plan.id, "version": plan.version, "file": document.file, "sha256": files["source"],
        "text_sha256": files["text"], "media": media, "parser": PARSER, "by": plan.by,
        "at": plan.at,
    }  # fmt: skip
    tx.execute(sa.insert(schema.plan_text).values(row))


def _codes(tx: Transaction, plan: Plan) -> list[str]:
    """Every code that a version of the plan has had."""
    found: list[str] = []
    for table, _ in schema.ITEMS.values():
        query = sa.select(table.c.code).where(table.c.plan == plan.id).distinct()
        found += tx.execute(query).scalars().all()
    return found


def _drafts(document: Document, plan: Plan) -> list[Item]:
    """Everything that was read, as drafts with codes in the order of the text."""
    place: dict[str, Any] = {"plan": plan.id, "version": plan.version, "at": plan.at}

    def numbered(kind: str, letter: str, found: Sequence[Any]) -> list[Item]:
        return [
            Item(
                kind, code=f"{letter}{n}", section=_path(thing),
                span=getattr(thing, "span", ""), start=thing.start, end=thing.end, state="draft",
                revision=0, by="", values=values, read=values, **place,
            )
            for n, thing in enumerate(sorted(found, key=lambda t: t.start), start=1)
            for values in [_values(kind, thing, plan)]
        ]  # fmt: skip

    return [
        *numbered("section", "S", document.sections),
        *numbered("task", "K", document.tasks),
        *numbered("target", "T", document.targets),
        *numbered("system", "Y", document.systems),
        *numbered("measure", "M", document.measures),
    ]


def _path(thing: Any) -> str:
    """The section that a thing stands in; a section stands in itself."""
    return str(thing.path if hasattr(thing, "path") else thing.section)


def _values(kind: str, thing: Any, plan: Plan) -> dict[str, Any]:
    if kind == "section":
        return {
            "title": thing.title,
            "industry": thing.industry or "",
            "units": _units(thing.units),
        }
    if kind == "task":
        return {"title": thing.title, "due": thing.due, "units": _units(thing.units)}
    if kind == "system":
        return {"name": thing.name, "verb": thing.verb, "role": thing.role, "mission": ""}
    if kind == "measure":
        return {"name": thing.name, "mission": ""}
    return _target(thing, plan)


def _target(target: Any, plan: Plan) -> dict[str, Any]:
    value = target.value
    low, high = value if isinstance(value, tuple) else (value, None)
    inherited = plan.end.year if plan.end else None
    source = "printed" if target.deadline else "inherited" if inherited else ""
    base = target.baseline
    names = ("indicator", "comparator", "unit", "hedge", "implicit", "yearly", "everywhere")
    return {name: getattr(target, name) for name in names} | {
        "low": low, "high": high, "deadline": target.deadline or inherited,
        "deadline_source": source, "baseline": base.value if base else None,
        "baseline_year": base.year if base else None, "also": [list(p) for p in target.also],
    }  # fmt: skip


def _units(units: Units) -> dict[str, list[str]]:
    return {role: list(names) for role, names in asdict(units).items()}


def put_items(tx: Transaction, found: Iterable[Item]) -> None:
    """Write items and who answers for them."""
    by_kind: dict[str, list[Item]] = {}
    for item in found:
        by_kind.setdefault(item.kind, []).append(item)
    for kind, group in by_kind.items():
        tx.execute(sa.insert(schema.ITEMS[kind][0]), [items.as_row(i) for i in group])
        for item in group:
            edited = item.state == "edited" and item.values != item.read
            write_assignments(tx, item, source="manual" if edited else "printed")


def write_assignments(tx: Transaction, item: Item, *, source: str) -> None:
    """Who answers for an item, in place of what was said before.

    Where nobody is printed as leading, the first of those responsible leads by convention.
    """
    units = item.values.get("units")
    if units is None:
        return
    table = schema.assignment
    same = (table.c.plan == item.plan) & (table.c.version == item.version)
    tx.execute(sa.delete(table).where(same & (table.c.item == item.code)))
    own = {"plan": item.plan, "version": item.version, "item": item.code}
    rows = [
        {**own, "unit": unit, "role": role, "position": n, "source": source}
        for role in _ROLES
        for n, unit in enumerate(units.get(role, ()))
    ]
    if rows and not units.get("lead") and units.get("responsible"):
        first = units["responsible"][0]
        rows.append({**own, "unit": first, "role": "lead", "position": 0, "source": "convention"})
    if rows:
        tx.execute(sa.insert(table), rows)


def _unit_names(item: Item) -> list[str]:
    return [n for names in item.values.get("units", {}).values() for n in names]


def _know_indicators(tx: Transaction, found: Iterable[Item]) -> None:
    """Rows for indicators that no plan had before; a person completes their definition."""
    table = schema.indicator
    known = {revision.plain(n) for n in tx.execute(sa.select(table.c.name)).scalars()}
    for item in found:
        if item.kind != "target" or revision.plain(item.name) in known:
            continue
        known.add(revision.plain(item.name))
        down = item.values["comparator"] in ("<", "<=")
        row = {
            "name": item.name, "unit": item.values["unit"], "direction": "down" if down else "up",
            "aggregate": "", "definition": "", "dedupe": "",
        }  # fmt: skip
        tx.execute(sa.insert(table).values(row))


def add_task(
    store: Store,
    plan: Plan,
    *,
    title: str,
    by: str,
    at: datetime,
    section: str = "",
    units: Mapping[str, Sequence[str]] | None = None,
    due: str = "",
) -> Item:
    """A task that the text does not print, added by a person; it stands in state edited.

    units : role (responsible, lead, support) -> names
    """
    values = {
        "title": title, "due": due,
        "units": {role: list((units or {}).get(role, ())) for role in _ROLES},
    }  # fmt: skip
    with store.write() as tx:
        taken = [int(c[1:]) for c in _codes(tx, plan) if c[0] == "K"]
        item = Item(
            "task", plan.id, plan.version, f"K{max(taken, default=0) + 1}", section, "", -1, -1,
            "edited", 0, signed(by), stamp(at), values, {},
        )  # fmt: skip
        put_items(tx, [item])
        know_units(tx, _unit_names(item), items.place_of(tx.connection, plan))
        payload = {"action": "added", "codes": [item.code], "after": values, "by": item.by}
        tx.append("plan.review", plan.ref, payload=payload, at=at)
    return replace(item)
