"""Evidence: records in the log that say what was observed of which subject, and who says so.

Nothing is ever changed: a retraction is a record of its own, and both stay visible.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from qianhang.core.day import day_of
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import LogEntry, Store, Transaction

__all__ = [
    "GRADES",
    "KINDS",
    "Evidence",
    "Finding",
    "Grade",
    "Observation",
    "checked",
    "evidence",
    "observe",
    "record",
    "retract",
]

# A: made and recomputable by the platform; B: from a connector that signed it; C: a document that
# a named person reviewed; D: typed in.
Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
KINDS = (
    "run", "figure", "model", "dataset", "capacity", "utilisation", "pue", "link", "voucher",
    "served", "statistic", "document", "claim",
)  # fmt: skip
_KIND, _RETRACTED = "evidence", "evidence.retracted"
_RUN = "run "  # how a run signs its observations
_INDICATOR = re.compile(r"M\d{3}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a finished run shows.

    indicators : rows of the mission table, such as M540
    facts : plain JSON, figures with their unit in the name
    files : name -> sha256 of what proves it, verified with the log
    """

    run: str
    scenario: str
    indicators: tuple[str, ...]
    facts: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    grade: Grade = "A"

    def __post_init__(self) -> None:
        for indicator in self.indicators:
            if not _INDICATOR.fullmatch(indicator):
                message = f"indicator {indicator!r} is not of the form M001"
                raise UsageError("QH803", message, hint="see covers in the scenario's pack.toml")


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed, before it is kept.

    kind : one of KINDS; subject : what it was observed of (a pool, a model, a firm's code)
    key : what must not be counted twice, the subject where empty
    target : "P1.T3" where it speaks of one target only, as a claim does
    facts, files : as for a finding
    """

    kind: str
    subject: str
    on: date
    value: float | None = None
    unit: str = ""
    key: str = ""
    target: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record.

    indicator : row of the mission table that a run shows, "" for what is not a run
    run : the run that left it, "" where none did
    retracted : why it was taken back, "" while it stands
    """

    seq: int
    at: str
    indicator: str
    grade: str
    scenario: str
    run: str
    facts: Mapping[str, Any]
    kind: str
    subject: str
    on: date
    value: float | None
    unit: str
    key: str
    target: str
    by: str
    files: Mapping[str, str]
    retracted: str


def record(tx: Transaction, finding: Finding, *, at: datetime) -> list[LogEntry]:
    """The new records, one for each indicator that the run has no record for yet."""
    from qianhang.store.log import entries

    written = []
    for indicator in dict.fromkeys(finding.indicators):
        known = entries(tx.connection, kind=_KIND, subject=indicator)
        if any(entry.payload.get("run") == finding.run for entry in known):
            continue
        payload = {
            "run": finding.run,
            "scenario": finding.scenario,
            "grade": finding.grade,
            "facts": finding.facts,
            "files": finding.files,
        }
        written.append(tx.append(_KIND, indicator, payload=payload, at=at))
    return written


def observe(tx: Transaction, seen: Observation, *, grade: Grade, by: str, at: datetime) -> LogEntry:
    """The new record.

    by : module or connector of grades A and B, person of grades C and D
    Raises UsageError for an unknown kind, a value that is no number, a document without a file,
    a claim that pretends to more than grade D, a nameless author.
    """
    checked(seen, grade=grade, by=by)
    payload = {
        "kind": seen.kind,
        "subject": seen.subject,
        "grade": grade,
        "on": seen.on.isoformat(),
        "value": seen.value,
        "unit": seen.unit,
        "key": seen.key or seen.subject,
        "target": seen.target,
        "by": by,
        "facts": seen.facts,
        "files": seen.files,
    }
    return tx.append(_KIND, (seen.target or seen.subject)[:200], payload=payload, at=at)


def retract(store: Store, seq: int, *, why: str, by: str, at: datetime) -> LogEntry:
    """The record that takes record `seq` back; figures from now on leave it out.

    Raises UsageError where `seq` is no evidence, is taken back already, or no reason is given.
    """
    from qianhang.store.log import entries

    if not why.strip() or not by.strip():
        raise UsageError("QH825", f"evidence {seq}: to retract it takes a reason and a name")
    with store.write() as tx:
        found = entries(tx.connection, kind=_KIND, after=seq - 1, limit=1)
        if not found or found[0].seq != seq:
            raise UsageError(
                "QH825", f"record {seq} is no evidence", hint="qianhang plan evidence list"
            )
        if entries(tx.connection, kind=_RETRACTED, subject=str(seq)):
            raise UsageError("QH825", f"evidence {seq} was retracted before")
        payload = {"seq": seq, "why": why, "by": by}
        return tx.append(_RETRACTED, str(seq), payload=payload, at=at)


def evidence(
    store: Store,
    *,
    indicator: str | None = None,
    scenario: str | None = None,
    run: str | None = None,
    kind: str | None = None,
    target: str | None = None,
    upto: int | None = None,
) -> list[Evidence]:
    """The evidence there is, in order of time, what was retracted marked so.

    indicator, scenario, run, kind, target : only with these, where given
    upto : as the log stood at this record
    """
    found = [_read(e) for e in store.entries(kind=_KIND) if upto is None or e.seq <= upto]
    back = {
        e.payload["seq"]: f"{e.payload['why']} ({e.payload['by']}, {day_of(e.at)})"
        for e in store.entries(kind=_RETRACTED)
        if upto is None or e.seq <= upto
    }
    wanted = {
        "indicator": indicator, "scenario": scenario, "run": run, "kind": kind, "target": target,
    }  # fmt: skip
    given = {name: value for name, value in wanted.items() if value is not None}
    return [
        Evidence(**values, retracted=back.get(values["seq"], ""))
        for values in found
        if all(values[name] == value for name, value in given.items())
    ]


def _read(entry: LogEntry) -> dict[str, Any]:
    """A record of either form: a run's, filed under its indicator, or an observation."""
    told = entry.payload
    seen = "kind" in told
    value = told.get("value")
    return {
        "seq": entry.seq,
        "at": entry.at,
        "indicator": "" if seen else entry.subject,
        "grade": told["grade"],
        "scenario": told.get("scenario", ""),
        "run": told.get("run", "") or _run_of(told.get("by", "")),
        "facts": told["facts"],
        "kind": told.get("kind", "run"),
        "subject": told.get("subject") or told.get("scenario", ""),
        "on": date.fromisoformat(told["on"]) if seen else day_of(entry.at),
        "value": None if value is None else float(value),
        "unit": told.get("unit", ""),
        "key": told.get("key") or told.get("scenario", ""),
        "target": told.get("target", ""),
        "by": told.get("by", "platform"),
        "files": told.get("files", {}),
    }


def _run_of(by: str) -> str:
    """The run that left an observation; "" where something else did."""
    return by.removeprefix(_RUN) if by.startswith(_RUN) else ""


def checked(seen: Observation, *, grade: str, by: str) -> None:
    """Raises UsageError for what can be no record, as `observe` does."""
    where = f"evidence of {seen.subject!r}"
    if seen.kind not in KINDS:
        raise UsageError("QH825", f"{where}: kind {seen.kind!r} is none of {', '.join(KINDS)}")
    if grade not in GRADES:
        raise UsageError("QH825", f"{where}: grade {grade!r} is none of A, B, C, D")
    if seen.value is not None and not math.isfinite(seen.value):
        raise UsageError("QH825", f"{where}: the value {seen.value} is no finite number")
    if not seen.subject.strip() or not by.strip():
        raise UsageError("QH825", f"{where}: expected a subject and the name of who recorded it")
    if grade == "C" and not seen.files:
        raise UsageError("QH825", f"{where}: grade C needs the document itself", hint="--file")
    if seen.kind == "claim" and grade != "D":
        raise UsageError("QH825", f"{where}: a claim is of grade D, not {grade}")
