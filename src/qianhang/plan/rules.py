"""Which evidence a target is read from: versioned rules, suggested by words, held by a person."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import evidence, schema
from qianhang.plan.author import signed, stamp, take_turns
from qianhang.plan.feeds import feeds, fitting
from qianhang.plan.items import Item, Plan

if TYPE_CHECKING:
    from qianhang.core.manifest import Feed
    from qianhang.store import Store, Transaction

__all__ = [
    "Aggregate",
    "Query",
    "Rule",
    "Suggestion",
    "confirm_rules",
    "counted_in",
    "from_dict",
    "propose",
    "read_rule",
    "rules_of",
    "set_rule",
    "suggest",
    "suggestions",
]

Aggregate = Literal["last", "sum", "count", "worst", "mean"]
_OLDEST = 36_500
_AGGREGATES = ("last", "sum", "count", "worst", "mean")
_SIGNS = ("==", "!=", ">=", "<=", ">", "<", "in")


@dataclass(frozen=True, slots=True)
class Query:
    """Which records count, and how they become one figure.

    where : (fact, sign, value), all of which must hold
    aggregate : last; sum or count over keys; worst over keys; mean only where `mean_asked`
    key : fact or field that must not count twice; "" is the record's own key, "seq" each record
    fresh_days : records older than this do not count; None for any age
    latest : the newest record of a key decides, also where it does not qualify
    region : where the record tells its region, it must be this one; "" for any
    """

    kinds: tuple[str, ...]
    aggregate: Aggregate
    where: tuple[tuple[str, str, Any], ...] = ()
    key: str = ""
    fresh_days: int | None = None
    latest: bool = False
    region: str = ""
    mean_asked: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A target's rule: one query, or the ratio of two (`per` is the denominator).

    state : proposed or confirmed; only confirmed ones are read
    """

    query: Query
    per: Query | None = None
    name: str = ""
    version: int = 1
    state: str = "proposed"
    by: str = ""
    at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """What is kept of the rule itself, JSON-ready."""
        shown = {"query": _shown(self.query), "name": self.name}
        return shown | ({"per": _shown(self.per)} if self.per else {})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A seed rule.

    words, without : of one entry every part, cut at blanks, has to be there
    best : the best grade of evidence that it can reach; per : the denominator of a ratio
    """

    name: str
    words: tuple[str, ...]
    without: tuple[str, ...]
    query: Query
    best: str
    zh: str
    en: str
    per: Query | None = None

    def fits(self, text: str) -> bool:
        """Whether an indicator's words call for this rule."""
        low = text.casefold()
        hit = any(all(part in low for part in w.casefold().split()) for w in self.words)
        return hit and not any(w.casefold() in low for w in self.without)

    def rule(self, region: str = "") -> Rule:
        """The rule, unversioned, counted in a region."""
        per = replace(self.per, region=region) if self.per else None
        return Rule(replace(self.query, region=region), per, name=self.name)


@functools.cache
def suggestions() -> tuple[Suggestion, ...]:
    """The seed rules, in the order in which they are tried."""
    import tomli

    raw = tomli.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf8"))
    return tuple(
        Suggestion(
            row["name"], tuple(row["words"]), tuple(row.get("without", ())),
            _query(row["query"], row["name"]), row["best"], row["zh"], row["en"],
            _query(row["per"], f"{row['name']} per") if "per" in row else None,
        )
        for row in raw["rule"]
    )  # fmt: skip


def suggest(item: Item, *, region: str = "") -> Rule:
    """The rule that the target's words call for; for every site, the worst one.

    Where a pack gives the very indicator, its runs on one's own data are what is read.

    region : that of a city's plan, so that it does not count its neighbours' cases
    Raises UsageError where the item is no target.
    """
    _expect_target(item)
    text = f"{item.values['indicator']} {item.values['unit']}"
    offered = fitting(item, feeds())
    fits = (s for s in suggestions() if (s.name == "figure" if offered else s.fits(text)))
    seed = next(fits)
    rule = seed.rule(region)
    query = _asked(rule.query, offered) if offered else rule.query
    if item.values.get("everywhere") and rule.per is None and query.aggregate != "worst":
        query = replace(query, aggregate="worst", key=query.key or "subject")
    return replace(rule, query=query)


def _expect_target(item: Item) -> None:
    if item.kind != "target":
        raise UsageError("QH824", f"{item.ref} is a {item.kind}: rules belong to targets")


def counted_in(plan: Plan) -> str:
    """The region whose records a plan's targets count, "" for any."""
    return plan.region if plan.level in ("city", "county") else ""


def _asked(seed: Query, offered: Sequence[Feed]) -> Query:
    """The seed query for the figures of these offers, which have to be put together alike."""
    over = offered[0].over
    names = [feed.indicator.zh for feed in offered if feed.over == over]
    return replace(seed, aggregate=over, where=(*seed.where, ("figure", "in", names)))


def from_dict(raw: Mapping[str, Any], *, where: str) -> Rule:
    """The rule that a mapping (JSON, TOML) describes, unversioned.

    Raises UsageError naming the key that is wrong.
    """
    if not isinstance(raw.get("query"), Mapping):
        raise UsageError("QH824", f"{where}: expected query, and per and name where wanted")
    extra = set(raw) - {"query", "per", "name"}
    if extra:
        raise UsageError("QH824", f"{where}: {sorted(extra)}; expected query, per, name")
    per = _query(raw["per"], f"{where} per") if raw.get("per") else None
    return Rule(_query(raw["query"], f"{where} query"), per, str(raw.get("name", "")))


def read_rule(text: str) -> Rule:
    """The rule that is written out as JSON, or stands in the .json or .toml file of this name.

    Raises UsageError where it cannot be read.
    """
    import tomli

    where = "rule" if text.lstrip().startswith("{") else text
    try:
        content = text if where == "rule" else Path(text).read_text(encoding="utf8")
        raw = tomli.loads(content) if where.endswith(".toml") else json.loads(content)
    except OSError as cause:
        message = f"{where[:200]}: {cause.strerror}; expected a rule as JSON, or its file"
        raise UsageError("QH824", message) from None
    except ValueError as cause:
        raise UsageError("QH824", f"{where}: {cause}") from cause
    if not isinstance(raw, Mapping):
        raise UsageError("QH824", f"{where}: expected an object with query, per, name")
    return from_dict(raw, where=where)


def rules_of(store: Store, plan: Plan) -> dict[str, Rule]:
    """Target code -> its newest rule."""
    table = schema.rule
    query = sa.select(table).where(table.c.plan == plan.id).order_by(table.c.version)
    with store.read() as connection:
        return {row["target"]: _rule(row) for row in connection.execute(query).mappings()}


def propose(tx: Transaction, targets: Iterable[Item], *, plan: Plan, at: datetime) -> int:
    """How many targets without a rule got a suggested one."""
    table = schema.rule
    known = set(tx.execute(sa.select(table.c.target).where(table.c.plan == plan.id)).scalars())
    rows = [
        _row(item, replace(suggest(item, region=counted_in(plan)), at=stamp(at)))
        for item in targets
        if item.kind == "target" and item.code not in known
    ]
    if rows:
        tx.execute(sa.insert(table), rows)
    return len(rows)


def set_rule(store: Store, item: Item, rule: Rule, *, by: str, at: datetime) -> Rule:
    """The target's rule from now on, a new version of it.

    Raises UsageError where the rule cannot be: an unknown kind or sign, a mean that nobody asked
    for, or anything but the worst site for a target that holds everywhere.
    """
    _expect_target(item)
    for query in (rule.query, *([rule.per] if rule.per else [])):
        _check(query, item.ref)
    if item.values["everywhere"] and rule.per is None and rule.query.aggregate != "worst":
        message = f"{item.ref} holds for every site: expected aggregate worst"
        raise UsageError("QH824", f"{message}, found {rule.query.aggregate}")
    table = schema.rule
    with store.write() as tx:
        take_turns(tx)
        same = (table.c.plan == item.plan) & (table.c.target == item.code)
        last = tx.execute(sa.select(sa.func.max(table.c.version)).where(same)).scalar() or 0
        new = replace(rule, version=last + 1, state="confirmed", by=signed(by), at=stamp(at))
        tx.execute(sa.insert(table).values(_row(item, new)))
        payload = {"rule": new.to_dict(), "version": new.version, "by": new.by}
        tx.append("plan.rule", item.ref, payload=payload, at=at)
    return new


def confirm_rules(
    store: Store, plan: Plan, *, by: str, at: datetime, codes: Sequence[str] = ()
) -> int:
    """How many proposed rules were confirmed: all, or those of the given targets."""
    table = schema.rule
    where = (table.c.plan == plan.id) & (table.c.state == "proposed")
    where = where & table.c.target.in_(codes) if codes else where
    with store.write() as tx:
        found = list(tx.execute(sa.select(table.c.target).where(where)).scalars())
        row = {"state": "confirmed", "by": signed(by), "at": stamp(at)}
        tx.execute(sa.update(table).where(where).values(row))
        if found:
            payload = {"confirmed": found, "by": row["by"]}
            tx.append("plan.rule", plan.ref, payload=payload, at=at)
    return len(found)


def _row(item: Item, rule: Rule) -> dict[str, Any]:
    body = json.dumps(rule.to_dict(), ensure_ascii=False, sort_keys=True)
    return {
        "plan": item.plan, "target": item.code, "version": rule.version, "state": rule.state,
        "body": body, "by": rule.by, "at": rule.at,
    }  # fmt: skip


def _rule(row: Mapping[Any, Any]) -> Rule:
    bare = from_dict(json.loads(row["body"]), where=f"P{row['plan']}.{row['target']}")
    own = {name: row[name] for name in ("version", "state", "by", "at")}
    return replace(bare, **own)


def _shown(query: Query) -> dict[str, Any]:
    """Without what is left at its default."""
    empty = Query(("",), "last")
    full = asdict(query)
    return {
        name: value
        for name, value in full.items()
        if name in ("kinds", "aggregate") or value != getattr(empty, name)
    }


def _query(raw: Mapping[str, Any], where: str) -> Query:
    extra = set(raw) - set(Query.__slots__)
    if extra or not {"kinds", "aggregate"} <= set(raw):
        message = f"{where}: expected kinds, aggregate and no others than {list(Query.__slots__)}"
        raise UsageError("QH824", f"{message}, found {sorted(raw)}")
    try:
        values = {**raw, "kinds": tuple(raw["kinds"])}
        values["where"] = tuple(tuple(w) for w in raw.get("where", ()))
        query = Query(**values)
        _check(query, where)
    except TypeError as cause:
        raise UsageError("QH824", f"{where}: a field is of the wrong type: {cause}") from None
    return query


def _check(query: Query, where: str) -> None:
    wrong = [k for k in query.kinds if k not in evidence.KINDS]
    if wrong or not query.kinds:
        found = repr(wrong[0]) if wrong else "none"
        expected = ", ".join(evidence.KINDS)
        raise UsageError("QH824", f"{where} kinds: {found}; expected some of {expected}")
    if query.aggregate not in _AGGREGATES:
        expected = ", ".join(_AGGREGATES)
        raise UsageError("QH824", f"{where}: aggregate {query.aggregate!r} is none of {expected}")
    if query.aggregate == "mean" and not query.mean_asked:
        raise UsageError(
            "QH824", f"{where}: a mean hides the worst", hint="mean_asked = true if it is meant"
        )
    texts = (query.key, query.region, *(each[0] for each in query.where if each))
    if not all(isinstance(text, str) for text in texts):
        raise UsageError("QH824", f"{where}: key, region and the names of facts are texts")
    for each in query.where:
        if len(each) != 3 or each[1] not in _SIGNS:
            raise UsageError(
                "QH824", f"{where} where: {each!r}; expected [fact, sign, value], sign of {_SIGNS}"
            )
    days = query.fresh_days
    if days is not None and not (isinstance(days, int) and 1 <= days <= _OLDEST):
        message = f"{where}: fresh_days {str(days)[:40]}; expected 1 to {_OLDEST}, whole"
        raise UsageError("QH824", message)
