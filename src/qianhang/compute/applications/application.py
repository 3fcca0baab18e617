"""An application for compute: what a project asks for, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import sqlalchemy as sa

from qianhang.compute.applications import tables
from qianhang.compute.flavour import find
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = [
    "OPEN",
    "STATES",
    "Application",
    "Granted",
    "State",
    "Step",
    "Wish",
    "checked",
    "get",
    "listed",
    "of_row",
    "refuse",
    "row_of",
    "steps",
]

State = Literal[
    "applied", "asked", "approved", "active", "rejected", "withdrawn", "ended", "lapsed"
]
STATES: tuple[State, ...] = (
    "applied", "asked", "approved", "active", "rejected", "withdrawn", "ended", "lapsed",
)  # fmt: skip
OPEN = ("applied", "asked")
_TABLE, _STEP = tables.application, tables.step
_MOST_CHIPS, _MOST_HOURS, _MOST_DAYS = 10_000_000, 2_000_000_000, 1096
_LENGTHS = {"project": 80, "purpose": 4000, "contact": 200}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an organisation asks for a project of its own.

    chips : at once; card_hours : in all, 0 for no limit beside the period
    first, last : days in China, both included
    flavours : ids of the chips that will do; pool : the one that is asked for; empty: any
    voucher : programme of which a voucher would be welcome, "" for none
    """

    org: str
    project: str
    chips: int
    first: date
    last: date
    purpose: str
    contact: str
    card_hours: int = 0
    flavours: tuple[str, ...] = ()
    pool: str = ""
    voucher: str = ""

    def granted(
        self, *, chips: int | None = None, card_hours: int | None = None, last: date | None = None
    ) -> Granted:
        """The whole of it, less where something else is given."""
        return Granted(
            self.chips if chips is None else chips,
            self.card_hours if card_hours is None else card_hours, last or self.last,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Granted:
    """What was approved: the whole or less of each."""

    chips: int
    card_hours: int
    last: date


@dataclass(frozen=True, slots=True)
class Application:
    """A wish before whoever answers it.

    state : applied; asked (for more); approved, from its first day on active, then ended; rejected,
        withdrawn, lapsed where its period passed without an answer
    base : the project's quota before it came in force
    """

    id: str
    wish: Wish
    state: State
    granted: Granted | None
    base: int
    reason: str
    by: str
    at: str
    answered_by: str
    answered: str

    @property
    def open(self) -> bool:
        """Whether it waits for an answer, or for more from the applicant."""
        return self.state in OPEN

    @property
    def alive(self) -> bool:
        """Whether anything may still become of it."""
        return self.state in (*OPEN, "approved", "active")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done with an application, by whom and with which words."""

    number: int
    act: str
    words: str
    by: str
    at: str


def checked(wish: Wish, *, today: date) -> Wish:
    """The wish with its texts trimmed and its chips by their ids.

    Raises UsageError naming the field that makes no sense.
    """
    texts = {name: _text(wish, name, most) for name, most in _LENGTHS.items()}
    if not 1 <= wish.chips <= _MOST_CHIPS:
        refuse("chips", f"{wish.chips:,}", f"1 to {_MOST_CHIPS:,} at once")
    if not 0 <= wish.card_hours <= _MOST_HOURS:
        refuse("card_hours", f"{wish.card_hours:,}", f"0 (no limit) to {_MOST_HOURS:,}")
    if wish.last < max(wish.first, today):
        refuse("last", wish.last.isoformat(), f"a day from {max(wish.first, today)} on")
    if (wish.last - wish.first).days >= _MOST_DAYS:
        refuse("last", wish.last.isoformat(), f"{_MOST_DAYS} days at most")
    flavours = tuple(dict.fromkeys(find(name.strip()).id for name in wish.flavours if name.strip()))
    return Wish(
        org=wish.org, chips=wish.chips, card_hours=wish.card_hours, first=wish.first,
        last=wish.last, flavours=flavours, pool=wish.pool.strip(), voucher=wish.voucher.strip(),
        **texts,
    )  # fmt: skip


def _text(wish: Wish, name: str, most: int) -> str:
    text = str(getattr(wish, name)).strip()
    if not text or len(text) > most or "\0" in text:
        refuse(name, f"{len(text):,} characters", f"1 to {most:,}")
    return text


def refuse(field: str, found: str, expected: str) -> NoReturn:
    """Raises UsageError: a field of an application makes no sense."""
    raise UsageError("QH523", f"application, {field}: found {found}, expected {expected}")


def get(store: Store, name: str) -> Application:
    """The application of this id.

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        query = sa.select(_TABLE).where(_TABLE.c.id == name)
        row = connection.execute(query).mappings().first()
    if row is None:
        raise UsageError("QH524", f"application {name[:40]!r} does not exist")
    return of_row(row)


def listed(
    store: Store, *, orgs: Collection[str] | None = None, pools: Collection[str] | None = (),
    states: Collection[str] = (),
) -> tuple[Application, ...]:  # fmt: skip
    """Applications of these organisations or for these pools, all where None, the newest first.

    Those that wait for an answer come before all others.
    """
    query = sa.select(_TABLE).order_by(_TABLE.c.state != "applied", _TABLE.c.at.desc(), _TABLE.c.id)
    if orgs is not None and pools is not None:
        named = _TABLE.c.pool.in_(sorted(pools)) & (_TABLE.c.pool != "")
        query = query.where(_TABLE.c.org.in_(sorted(orgs)) | named)
    if states:
        query = query.where(_TABLE.c.state.in_(sorted(states)))
    with store.read() as connection:
        return tuple(of_row(row) for row in connection.execute(query).mappings())


def steps(store: Store, name: str) -> tuple[Step, ...]:
    """What was done with the application, the oldest first."""
    query = sa.select(_STEP).where(_STEP.c.application == name).order_by(_STEP.c.number)
    with store.read() as connection:
        rows = connection.execute(query).mappings()
        return tuple(Step(**{n: row[n] for n in Step.__slots__}) for row in rows)


def of_row(row: sa.RowMapping) -> Application:
    """The application of a row."""
    wish = {name: row[name] for name in Wish.__slots__}
    wish |= {"first": date.fromisoformat(row["first"]), "last": date.fromisoformat(row["last"])}
    wish["flavours"] = tuple(json.loads(row["flavours"]))
    rest = {n: row[n] for n in Application.__slots__ if n not in ("wish", "granted")}
    return Application(wish=Wish(**wish), granted=_granted(row["granted"]), **rest)


def _granted(text: str) -> Granted | None:
    if not text:
        return None
    told: dict[str, Any] = json.loads(text)
    return Granted(told["chips"], told["card_hours"], date.fromisoformat(told["last"]))


def row_of(wish: Wish) -> dict[str, Any]:
    """The wish as a row keeps it."""
    told = asdict(wish) | {"first": wish.first.isoformat(), "last": wish.last.isoformat()}
    return told | {"flavours": json.dumps(wish.flavours)}
