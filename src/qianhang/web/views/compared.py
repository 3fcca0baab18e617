"""What could explain that two runs differ, in the reader's words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qianhang.core.manifest import Manifest, Words
from qianhang.runs import shelf
from qianhang.runs.report.names import Teller, teller
from qianhang.web.asked import Asked

__all__ = ["Difference", "differences"]

_GROUPS = {
    "scenario": "runs.scenario",
    "case": "runs.case",
    "facts": "report.case_facts",
} | {n: f"report.{n}" for n in ("pack_version", "pack_hash", "seed", "params", "data", "versions")}
_Known = Mapping[str, Mapping[str, Words]]
_MOST = 6  # values of a list that are spelt out


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two runs do not share.

    part : which parameter, file, program or count of the group, "" where the group is one thing
    coded : whether the part is a name as it stands in a file, not a word
    typed : whether the values are what somebody typed, a sum or a version, not words
    """

    group: str
    part: str
    coded: bool
    first: str
    second: str
    typed: bool = False


def differences(
    ask: Asked,
    found: Iterable[Mapping[str, Any]],
    *,
    manifest: Manifest | None,
    case: str,
    cases: Mapping[str, Words],
) -> tuple[Difference, ...]:
    """The differences of `compare`, in its order.

    manifest, case : whose words name parameters and counts; cases : name -> title
    """
    known = {"scenario": shelf.titles(), "case": cases}
    tell = teller(manifest, case, ask.lang, most=_MOST)
    return tuple(_difference(ask, one, tell, known) for one in found)


def _difference(ask: Asked, one: Mapping[str, Any], tell: Teller, known: _Known) -> Difference:
    top, _, part = str(one["field"]).partition(".")
    first, last = part.partition(".")[::2]
    name = {"facts": tell.fact, "params": tell.param}.get(top, _nobody)
    told = name(part) or (name(first) if last else "")
    if told and last and not name(part):
        told = f"{told} · {tell.fact(last) or last}"
    first_, second = (
        _value(ask, one[side], top, tell, of=first, known=known) for side in ("first", "second")
    )
    group = ask.t(_GROUPS[top])
    return Difference(
        f"{group[:1].upper()}{group[1:]}",
        told or part,
        coded=bool(part) and not told,
        first=first_,
        second=second,
        typed=top not in ("facts", "scenario", "case"),
    )


def _nobody(name: str) -> str:  # noqa: ARG001  # files and programs are called what they are called
    return ""


def _value(ask: Asked, value: Any, top: str, tell: Teller, *, of: str, known: _Known) -> str:
    if isinstance(value, str) and value in known.get(top, ()):
        return ask.word(known[top][value])
    if top in ("seed", "pack_version") and value is not None:
        return str(value)
    return tell.value(value, of=of if top == "facts" else "")
