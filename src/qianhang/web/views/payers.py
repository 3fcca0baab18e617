"""Whose money a reader may see and move: organisations, operators, the office that settles.

An organisation's bills are seen by whoever covers it, and by nobody else, the office included. An
operator is the organisation of the same id: its pools' operators and its administrators see what
it is owed. The office is a programme office or an administrator at the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qianhang.access import ROOT, Role, organisations
from qianhang.compute.door import plant
from qianhang.core.errors import AccessRefused, UsageError
from qianhang.core.manifest import Words
from qianhang.web.asked import Asked

__all__ = [
    "CLAIMANTS",
    "KEEPERS",
    "OFFICE",
    "Names",
    "answers_for",
    "keeps",
    "names",
    "office",
    "operators",
    "require_office",
    "seen_party",
    "sees_entity",
]

OFFICE: tuple[Role, ...] = ("programme_office", "administrator")
KEEPERS: tuple[Role, ...] = ("pool_operator", "administrator")
CLAIMANTS: tuple[Role, ...] = ("scenario_owner", "pool_operator", "administrator")


@dataclass(frozen=True, slots=True)
class Names:
    """What organisations and operators are called; an id stands where there is no name."""

    orgs: Mapping[str, str]
    operators: Mapping[str, Words]

    def of(self, kind: str, name: str, lang: str) -> str:
        """The name of an organisation or operator."""
        words = self.operators.get(name) if kind == "operator" else None
        if words is not None:
            return words.en if lang == "en" else words.zh
        return self.orgs.get(name, name)


def names(ask: Asked) -> Names:
    """The names that the store knows."""
    every = organisations.tree(ask.store).organisations.values()
    known = plant.operators(ask.store)
    return Names({o.id: o.name for o in every}, {o.id: o.name for o in known})


def office(ask: Asked) -> bool:
    """Whether the reader settles for the whole platform."""
    return any(ask.who.may(role, ROOT) for role in OFFICE)


def require_office(ask: Asked) -> None:
    """Nothing, where the reader settles.

    Raises AccessRefused otherwise.
    """
    if not office(ask):
        raise AccessRefused(
            "QH906", f"this needs the role {' or '.join(OFFICE)} at {ROOT}",
            hint="ask an administrator for it",
        )  # fmt: skip


def operators(ask: Asked) -> frozenset[str] | None:
    """The operators for which the reader answers; None for all."""
    if office(ask) or ask.who.may("pool_operator", ROOT):
        return None
    held = (ask.who.orgs_by_role.get(role, frozenset()) for role in KEEPERS)
    return frozenset[str]().union(*held)


def answers_for(ask: Asked, operator: str) -> bool:
    """Whether the reader answers for the operator."""
    mine = operators(ask)
    return mine is None or operator in mine


def sees_entity(ask: Asked, entity: str) -> bool:
    """Whether the reader may see what a programme gave an applicant: its own people, the office."""
    return entity in ask.who.covers or office(ask)


def keeps(ask: Asked, operator: str) -> bool:
    """Whether the reader runs the operator's pools, so that whom it served is no secret."""
    return ask.who.may("pool_operator", operator)


def seen_party(ask: Asked, kind: str, name: str) -> str:
    """The party, `org:NAME` or `operator:NAME`, where the reader may see its bills.

    Raises UsageError where there is none for this reader.
    """
    seen = {"org": name in ask.who.covers, "operator": answers_for(ask, name)}
    if not seen.get(kind, False):
        raise UsageError("QH862", f"no bills of {kind[:20]} {name[:40]!r} here")
    return f"{kind}:{name}"
