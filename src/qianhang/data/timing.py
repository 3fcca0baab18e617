"""The time column of a gathered table: instants in order, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qianhang.core.errors import ContractError, Place
from qianhang.data import codes
from qianhang.data.clock import Step, local_ns, parse_step, places, repeated, to_utc
from qianhang.data.findings import Finding
from qianhang.data.gather import Gathered
from qianhang.data.readers.blocks import Note
from qianhang.data.stamps import NOT_A_TIME

__all__ = ["Timing", "instants", "spell", "time_column"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Instants of all records, what a local clock reads, and findings.

    utc (n,) int64 ns, NOT_A_TIME where there is none; order (m,) positions of the good records,
    sorted by instant, rows of one instant as in the file
    """

    utc: np.ndarray
    zone: str
    order: np.ndarray
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]


def time_column(
    data: Gathered, name: str, *, keys: Sequence[str], dropped: np.ndarray, strict: bool
) -> Timing:
    """Instants of the time column, checked within each key.

    keys : columns that say whose clock it is; dropped (n,) : records already refused
    Raises ContractError where some stamps carry a zone and others do not.
    """
    typed = data.columns[name]
    zone = typed.column.zone or "UTC"
    step = parse_step(typed.column.step)
    code = _codes(data, keys)
    utc, lost = instants(data, name, code, step)
    lost &= ~dropped
    findings = [_ambiguous(data, name, lost, zone)] if lost.any() else []
    good = np.flatnonzero((utc != NOT_A_TIME) & ~dropped & ~lost).astype(np.int32)
    order = _sorted(utc, code, good)
    twice = repeated(utc, code, order)
    if twice.any():
        findings.append(_repeats(data, name, (utc, zone), twice, order))
        order = order[~twice[order]]
    notes = [*_told(data, name, utc, good)]
    if step is not None and len(order) > 1:
        found, noted = _spacing(data, name, (utc, code, zone), order, step)
        gaps_pass = typed.column.missing == "allow" or not strict
        findings += [f for f in found if not (gaps_pass and f.code == codes.GAP)]
        notes += noted if gaps_pass else []
    by_time = order if code is None else order[np.argsort(utc[order], kind="stable")]
    return Timing(utc, zone, by_time, tuple(findings), tuple(notes))


def spell(utc_ns: np.ndarray, zone: str) -> list[str]:
    """Instants (k,) ns as a clock in `zone` shows them, to the minute where that says it all."""
    walls = local_ns(utc_ns, zone).view("datetime64[ns]").astype("datetime64[s]")
    texts = np.datetime_as_string(walls, unit="s")
    return [str(t).replace("T", " ").removesuffix(":00") for t in texts]


def _codes(data: Gathered, keys: Sequence[str]) -> np.ndarray | None:
    """One whole number (n,) for each key, or None where there is no key column."""
    import pandas as pd

    if not keys:
        return None
    columns = {}
    for key in keys:
        typed = data.columns[key]
        textual = typed.kind in ("category", "text")
        values = typed.words().to_pandas() if textual else typed.numbers()
        columns[key] = pd.factorize(np.asarray(values, dtype=object) if textual else values)[0]
    return pd.DataFrame(columns).groupby(list(keys), sort=False).ngroup().to_numpy()


def instants(
    data: Gathered, name: str, code: np.ndarray | None, step: Step | None
) -> tuple[np.ndarray, np.ndarray]:
    """UTC ns (n,) of a time column, and True (n,) where a clock reading fits no single instant.

    code (n,) : whose clock; None for one clock
    Raises ContractError where some stamps carry a zone and others do not.
    """
    typed = data.columns[name]
    zone = typed.column.zone or "UTC"
    ns = typed.numbers()
    aware = np.concatenate(typed.aware) if typed.aware else np.empty(0, dtype=bool)
    held = ns != NOT_A_TIME
    zoned = np.count_nonzero(aware & held)
    if 0 < zoned < np.count_nonzero(held):
        few = aware if 2 * zoned <= np.count_nonzero(held) else ~aware
        row = data.rows.rows(np.flatnonzero(few & held)[:1])[0]
        has = "with" if few is aware else "without"
        raise ContractError(
            codes.MIXED_ZONES,
            f"{data.label}: column {name}, row {row:,}: found a time {has} an offset, "
            "expected all alike",
            hint=f"write all with an offset, or none (then they are read in {zone})",
            place=Place(data.label, name, int(row)),
        )
    if zoned:
        return ns, np.zeros(len(ns), dtype=bool)
    keys = np.zeros(len(ns), dtype=np.int64) if code is None else code
    return to_utc(ns, zone, keys=keys, step=step)


def _sorted(utc: np.ndarray, code: np.ndarray | None, good: np.ndarray) -> np.ndarray:
    """Positions sorted by key, then instant, then row."""
    times = utc if len(good) == len(utc) else utc[good]
    if code is None:
        if (times[1:] >= times[:-1]).all():
            return good
        by_time: np.ndarray = good[np.argsort(times, kind="stable")]
        return by_time
    by_key: np.ndarray = good[np.lexsort((times, code[good]))]
    return by_key


def _told(data: Gathered, name: str, utc: np.ndarray, good: np.ndarray) -> list[Note]:
    notes = []
    times = utc if len(good) == len(utc) else utc[good]
    back = np.count_nonzero(times[1:] < times[:-1])
    if back and not any(t.column.role in ("group", "place", "id") for t in data.columns.values()):
        text = (
            f"column {name}: rows were not in order of time and were sorted; steps back: {back:,}"
        )
        notes.append(Note(codes.REPEATED_TIME, text))
    if data.columns[name].serial:
        text = f"column {name}: Excel serial numbers were read as dates (1 = 1900-01-01)"
        notes.append(Note(codes.TIME_UNREADABLE, text))
    return notes


def _ambiguous(data: Gathered, name: str, lost: np.ndarray, zone: str) -> Finding:
    positions = np.flatnonzero(lost)
    ns = data.columns[name].numbers()[positions]
    walls = spell(ns, "UTC")
    return Finding(
        codes.AMBIGUOUS_TIME,
        name,
        data.rows.rows(positions),
        positions,
        [f"{w}, which the clock of {zone} shows twice or never" for w in walls],
        "a time that names one instant",
        "add the offset, such as 02:30+11:00",
    )


def _repeats(
    data: Gathered,
    name: str,
    clock: tuple[np.ndarray, str],
    twice: np.ndarray,
    order: np.ndarray,
) -> Finding:
    utc, zone = clock
    again = np.flatnonzero(twice[order])
    positions = np.sort(order[again])
    first = order[again[0] - 1]
    found = [f"{t} again" for t in spell(utc[positions], zone)]
    row = data.rows.rows(np.array([first]))[0]
    hint = f"first seen in row {row:,}; keep one of them"
    return Finding(
        codes.REPEATED_TIME,
        name,
        data.rows.rows(positions),
        positions,
        found,
        "each time once",
        hint,
    )


def _spacing(
    data: Gathered,
    name: str,
    clock: tuple[np.ndarray, np.ndarray | None, str],
    order: np.ndarray,
    step: Step,
) -> tuple[list[Finding], list[Note]]:
    """Rows that stand on no step, and gaps, told by the row after each."""
    utc, code, zone = clock
    whole = len(order) == len(utc) and bool((order[1:] > order[:-1]).all())
    numbers, off = places(utc if whole else utc[order], zone, step)
    on = order if not off.any() else order[~off]
    ahead = np.diff(numbers if not off.any() else numbers[~off])
    del numbers
    if code is not None:
        ahead[code[on][1:] != code[on][:-1]] = 1
    text = data.columns[name].column.step
    findings: list[Finding] = []
    notes: list[Note] = []
    stray = np.sort(np.concatenate([order[off], on[1:][ahead == 0]]))
    if stray.size:
        found = spell(utc[stray], zone)
        rows = data.rows.rows(stray)
        findings.append(Finding(codes.OFF_STEP, name, rows, stray, found, f"a row every {text}"))
    gap = np.flatnonzero(ahead > 1)
    if gap.size:
        lost = ahead[gap] - 1
        befores = spell(utc[on[gap]], zone)
        found = [f"{n:,} missing after {b}" for n, b in zip(lost, befores, strict=True)]
        after = on[gap + 1]
        rows = data.rows.rows(after)
        hint = "add the missing rows, empty where there is no reading"
        findings.append(Finding(codes.GAP, name, rows, after, found, f"a row every {text}", hint))
        notes.append(
            Note(codes.GAP, f"column {name}: gaps: {len(gap):,}, rows missing: {lost.sum():,}")
        )
    return findings, notes
