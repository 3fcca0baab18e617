"""Vouchers as pages show them: programmes with their money, grants, claims, a case from a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, get_args
from weakref import WeakKeyDictionary

from qianhang.billing.moment import Where, stamp
from qianhang.billing.vouchers import Facts, Programme, claims, funds, grants, shipped
from qianhang.billing.vouchers.funds import Fund
from qianhang.billing.vouchers.paper import facts_of
from qianhang.billing.vouchers.programme import Charge, Evidence, Kind, Site, Size, Use
from qianhang.core.errors import UsageError
from qianhang.store import Store
from qianhang.store.kept import Kept
from qianhang.web.asked import Asked
from qianhang.web.views import payers

__all__ = [
    "CHOICES",
    "Seen",
    "Shelf",
    "by_id",
    "facts_from",
    "payee_of",
    "programmes",
    "seen_claims",
    "seen_grant",
    "seen_grants",
    "sound",
    "state_of",
]

# What a form lets one choose, by the field of the facts.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "applicant.kind": get_args(Kind), "applicant.size": get_args(Size),
    "supplier.kind": get_args(Site), "use": get_args(Use), "chips": ("domestic", "other"),
    "charges": get_args(Charge), "evidence": get_args(Evidence), "side": ("demand", "supply"),
}  # fmt: skip
_MANY = ("evidence", "applicant.related", "supplier.lists", "contract.subsidies", "classes",
         "charges")  # fmt: skip
_ID = re.compile(r"[\w.-]{1,40}", re.ASCII)
_WHOLE = ("supplier.pflops", "supplier.racks", "contract.months", "pflops")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A programme, the version that works here (0: none does), and its money by year."""

    programme: Programme
    version: int
    funds: tuple[Fund, ...]

    @property
    def free(self) -> int:
        """What may still be granted, fen."""
        return sum(f.free_fen for f in self.funds)


@dataclass(frozen=True)
class Seen(Sequence[Mapping[str, Any]]):
    """Grants with their states, of which few are looked at one by one.

    states : of each grant, from the moment `since` until just before `until`, as rows keep them
    """

    grants: Sequence[Mapping[str, Any]]
    states: Sequence[str]
    since: str
    until: str

    def __len__(self) -> int:
        return len(self.grants)

    def __getitem__(self, at: Any) -> Any:
        """A grant with its state, or several."""
        if isinstance(at, slice):
            return replace(self, grants=self.grants[at], states=self.states[at])
        return {**self.grants[at], "state_now": self.states[at]}

    @cached_property
    def given(self) -> int:
        """What they were worth when they were made, less what went back, fen."""
        return sum(g["fen"] - g["returned"] for g in self.grants)

    @cached_property
    def left(self) -> int:
        """What those that are open may still pay, fen."""
        both = zip(self.grants, self.states, strict=True)
        return sum(g["left"] for g, state in both if state == "open")

    def only(self, allowed: Callable[[Mapping[str, Any], str], bool]) -> Seen:
        """Those that are allowed, by grant and state."""
        both = zip(self.grants, self.states, strict=True)
        kept = [(g, state) for g, state in both if allowed(g, state)]
        return replace(self, grants=[g for g, _ in kept], states=[s for _, s in kept])


def programmes(ask: Asked) -> tuple[Shelf, ...]:
    """Every shipped or installed programme, those that work here first."""
    return _SHELVES.of(ask.store)


def _shelves(where: Where) -> tuple[Shelf, ...]:
    here, money = funds.installed(where), funds.funds(where)
    every = dict(shipped()) | {name: found for name, (_, found) in here.items()}
    made = [
        Shelf(p, here[n][0] if n in here else 0, tuple(f for f in money if f.programme == n))
        for n, p in every.items()
    ]
    return tuple(sorted(made, key=lambda s: (not s.version, s.programme.id)))


# What is installed, appropriated and granted is in the log.
_SHELVES = Kept(_shelves, "voucher.", "ledger.")


def by_id(ask: Asked) -> dict[str, Programme]:
    """Id -> programme, of all that are shipped or installed."""
    return {s.programme.id: s.programme for s in programmes(ask)}


def seen_grants(ask: Asked) -> Seen:
    """The grants that the reader may see, newest first, with their states as they are now."""
    every = _every(ask)
    if payers.office(ask):
        return every
    covers = ask.who.covers
    return every.only(lambda grant, _: grant["entity"] in covers)


def _every(ask: Asked) -> Seen:
    """All grants; those of a moment before while no grant, and by the clock no state, changed."""
    found, at = grants.newest(ask.store), stamp(ask.now)
    known = _LAST.get(ask.store)
    if known is not None and known.grants is found and known.since <= at < known.until:
        return known
    ends = (g["expires"] for g in found if g["state"] == "open" and g["expires"] > at)
    made = Seen(found, tuple(state_of(g, at) for g in found), at, min(ends, default=_NEVER))
    _LAST[ask.store] = made
    return made


_LAST: WeakKeyDictionary[Store, Seen] = WeakKeyDictionary()
_NEVER = "~"  # sorts after every moment


def seen_grant(ask: Asked, number: str) -> dict[str, Any] | None:
    """The grant of this number, where there is one for this reader."""
    seen = seen_grants(ask)
    return next((dict(seen[n]) for n, g in enumerate(seen.grants) if str(g["id"]) == number), None)


def state_of(grant: Mapping[str, Any], at: str) -> str:
    """open, used (nothing left), lapsed (its time is over) or expired (and given back).

    at : the moment as rows keep it
    """
    if grant["state"] != "open":
        return str(grant["state"])
    if grant["expires"] and grant["expires"] <= at:
        return "lapsed"
    return "open" if grant["left"] else "used"


def seen_claims(ask: Asked) -> list[dict[str, Any]]:
    """The claims that the reader may see, newest first: its own, or all for the office."""
    found = claims.claims(ask.store)
    return [c for c in reversed(found) if payers.office(ask) or _own(ask, c["payee"])]


def _own(ask: Asked, payee: str) -> bool:
    return payee in ask.who.covers


def payee_of(programme: Programme, facts: Facts) -> str:
    """To whom a claim is paid: the supplier where the programme deducts at the bill."""
    deducted = programme.settlement.payout == "deducted"
    return facts.supplier.id if deducted else facts.applicant.id


def sound(facts: Facts) -> Facts:
    """The facts, where the names in them are ones that books may keep.

    Raises UsageError naming what was found and what is expected.
    """
    for name, value in (("applicant.id", facts.applicant.id), ("supplier.id", facts.supplier.id)):
        if not _ID.fullmatch(value):
            expected = "1 to 40 letters, digits, full stops, - or _"
            raise UsageError("QH580", f"{name}: found {value[:60]!r}, expected {expected}")
    if not facts.contract.id.isprintable() or not 0 < len(facts.contract.id) <= 120:
        found = facts.contract.id[:60]
        raise UsageError("QH580", f"contract.id: found {found!r}, expected 1 to 120 characters")
    return facts


def facts_from(form: Mapping[str, Sequence[str]], *, on: str) -> Facts:
    """The case that a form describes; fields are named as in a file, `contract.yuan`.

    on : the day of the case, as 2026-03-31
    Raises ContractError naming the field that is wrong.
    """
    made: dict[str, Any] = {"at": date.fromisoformat(on)}
    for name, values in form.items():
        told = _told(name, [v.strip() for v in values if v.strip()])
        if told is None:
            continue
        table, _, field = name.rpartition(".")
        part = made.setdefault(table, {}) if table else made
        part[field] = told
    return sound(facts_of(made, where="form"))


def _told(name: str, values: Sequence[str]) -> Any:
    """The value of a field as a file would hold it; None where nothing was said."""
    if not values:
        return None
    if name in _MANY:
        return [one.strip() for v in values for one in v.split(",") if one.strip()]
    if name == "contract.signed":
        try:
            return date.fromisoformat(values[0])
        except ValueError:
            return values[0]
    if name in _WHOLE and values[0].isascii() and values[0].isdecimal():
        return int(values[0])
    return values[0]
