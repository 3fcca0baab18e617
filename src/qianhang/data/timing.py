"""The time column of a gathered table: instants in order, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.clock import Step, local_ns, parse_step, repeated, spacing, to_utc
from qianhang.data.findings import Finding
from qianhang.data.gather import Gathered
from qianhang.data.readers.blocks import Note
from qianhang.data.stamps import NOT_A_TIME

__all__ = ["Timing", "spell", "time_column"]


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
    utc, lost = _instants(data, name, code, zone)
    lost &= ~dropped
    findings = [_ambiguous(data, name, lost, zone)] if lost.any() else []
    good = np.flatnonzero((utc != NOT_A_TIME) & ~dropped & ~lost)
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


def spell(utc_ns: int, zone: str) -> str:
    """An instant as a clock in `zone` shows it."""
    wall = local_ns(np.array([utc_ns], dtype=np.int64), zone)[0]
    text = str(np.datetime64(int(wall), "ns").astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(":00") if text.count(":") == 2 else text


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


def _instants(
    data: Gathered, name: str, code: np.ndarray | None, zone: str
) -> tuple[np.ndarray, np.ndarray]:
    """UTC ns (n,), and True (n,) where a clock reading fits no single instant."""
    typed = data.columns[name]
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
            f"column {name}, row {row:,}: found a time {has} an offset, expected all alike",
            hint=f"write all with an offset, or none (then they are read in {zone})",
        )
    if zoned:
        return ns, np.zeros(len(ns), dtype=bool)
    step = parse_step(typed.column.step)
    keys = np.zeros(len(ns), dtype=np.int64) if code is None else code
    return to_utc(ns, zone, keys=keys, step=step)


def _sorted(utc: np.ndarray, code: np.ndarray | None, good: np.ndarray) -> np.ndarray:
    """Positions sorted by key, then instant, then row."""
    times = utc[good]
    if code is None:
        if (times[1:] >= times[:-1]).all():
            return good
        return good[np.argsort(times, kind="stable")]
    return good[np.lexsort((times, code[good]))]


def _told(data: Gathered, name: str, utc: np.ndarray, good: np.ndarray) -> list[Note]:
    notes = []
    back = np.count_nonzero(np.diff(utc[good]) < 0)
    if back and not any(t.column.role in ("group", "place", "id") for t in data.columns.values()):
        text = f"column {name}: rows were not in order of time ({back:,} steps back); sorted"
        notes.append(Note(codes.REPEATED_TIME, text))
    if data.columns[name].serial:
        text = f"column {name}: Excel serial numbers were read as dates (1 = 1900-01-01)"
        notes.append(Note(codes.TIME_UNREADABLE, text))
    return notes


def _ambiguous(data: Gathered, name: str, lost: np.ndarray, zone: str) -> Finding:
    positions = np.flatnonzero(lost)
    ns = data.columns[name].numbers()[positions]
    walls = [spell(int(n), "UTC") for n in ns]
    return Finding(
        codes.AMBIGUOUS_TIME,
        name,
        data.rows.rows(positions),
        positions,
        [f"found {w}, which the clock of {zone} shows twice or never" for w in walls],
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
    places = np.flatnonzero(twice[order])
    positions = np.sort(order[places])
    first = order[places[0] - 1]
    found = [f"found {spell(int(utc[p]), zone)} again" for p in positions]
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
    """Gaps and off-step rows between neighbours of one key; a row is told by the later of two."""
    utc, code, zone = clock
    counts = spacing(utc[order], zone, step)
    if code is not None:
        counts = np.where(code[order][1:] == code[order][:-1], counts, 1)
    findings, notes = [], []
    text = data.columns[name].column.step
    for kind, mask in ((codes.GAP, counts > 1), (codes.OFF_STEP, counts == 0)):
        if not mask.any():
            continue
        places = np.flatnonzero(mask)
        positions, before = order[places + 1], order[places]
        if kind == codes.GAP:
            lost = int((counts[places] - 1).sum())
            found = [f"found {c - 1:,} steps missing after {spell(int(utc[b]), zone)}"
                     for c, b in zip(counts[places], before, strict=True)]  # fmt: skip
            notes.append(Note(codes.GAP, f"column {name}: {len(places):,} gaps, {lost:,} steps missing"))
        else:
            found = [f"found {spell(int(utc[p]), zone)} after {spell(int(utc[b]), zone)}"
                     for p, b in zip(positions, before, strict=True)]  # fmt: skip
        hint = "add the missing rows, empty where there is no reading" if kind == codes.GAP else ""
        rows = data.rows.rows(positions)
        findings.append(Finding(kind, name, rows, positions, found, f"a row every {text}", hint))
    return findings, notes
