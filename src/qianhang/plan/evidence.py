"""Evidence: records in the log that say which run shows which indicator of the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import LogEntry, Store, Transaction

__all__ = ["Evidence", "Finding", "Grade", "evidence", "record"]

# A: made and recomputable by the platform; B: attested with documents; C: declared.
Grade = Literal["A", "B", "C"]
_KIND = "evidence"
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
class Evidence:
    """One record: this run shows this indicator."""

    seq: int
    at: str
    indicator: str
    grade: str
    scenario: str
    run: str
    facts: Mapping[str, Any]


def record(tx: Transaction, finding: Finding, *, at: datetime) -> list[LogEntry]:
    """The new records, one for each indicator that the run has no record for yet."""
    from qianhang.store.log import entries

    written = []
    for indicator in dict.fromkeys(finding.indicators):
        known = entries(tx.connection, kind=_KIND, subject=indicator)
        if any(entry.payload["run"] == finding.run for entry in known):
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


def evidence(
    store: Store,
    *,
    indicator: str | None = None,
    scenario: str | None = None,
    run: str | None = None,
) -> list[Evidence]:
    """The evidence there is, in order of time, for an indicator, scenario and run where given."""
    found = [
        Evidence(
            seq=entry.seq,
            at=entry.at,
            indicator=entry.subject,
            grade=entry.payload["grade"],
            scenario=entry.payload["scenario"],
            run=entry.payload["run"],
            facts=entry.payload["facts"],
        )
        for entry in store.entries(kind=_KIND, subject=indicator)
    ]
    return [
        e
        for e in found
        if (scenario is None or e.scenario == scenario) and (run is None or e.run == run)
    ]
