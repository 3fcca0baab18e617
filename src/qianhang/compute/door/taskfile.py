"""Task files: the YAML that SkyPilot's users know, as jobs.

name, resources (accelerators, any_of, cpus, memory, pools), num_nodes, envs, setup, run; and of
our own: project, estimate, limit, tier, deadline, max_wait, price_cap, preemptible, checkpoint,
data, grade, array, outputs.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from qianhang.compute.artefacts.outputs import Outputs, wrong
from qianhang.compute.door import document
from qianhang.compute.door.jobs import Asked, Work, new_id
from qianhang.compute.flavour import find
from qianhang.compute.job import DataRef, Job, Want
from qianhang.core.errors import UsageError
from qianhang.core.schema import nearest

__all__ = ["read", "read_text"]

_TOP = (
    "name", "resources", "num_nodes", "envs", "setup", "run", "project", "estimate", "limit",
    "tier", "deadline", "max_wait", "price_cap", "preemptible", "checkpoint", "data", "grade",
    "array", "outputs",
)  # fmt: skip
_RESOURCES = ("accelerators", "any_of", "cpus", "memory", "pools")
_OUTPUTS = ("files", "when")
_DATA = ("zone", "gb", "stay", "name")
_MOST_ARRAY, _MOST_BYTES = 10_000, 1_000_000
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_NAME = re.compile(r"[\w.\- ]{1,120}")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\+?")
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class _At:
    """A place in a file, for messages."""

    file: str
    field: str = ""

    def __truediv__(self, name: object) -> _At:
        return replace(self, field=f"{self.field}.{name}" if self.field else str(name))

    def refuse(self, found: object, expected: str) -> NoReturn:
        """Raises UsageError naming the file, the field, what was found and what was expected."""
        said = reprlib.repr(found)  # of what is long or deep, the beginning alone
        shown = said if len(said) <= 60 else f"{said[:57]}..."
        where = f", {self.field}" if self.field else ""
        raise UsageError("QH597", f"{self.file}{where}: found {shown}, expected {expected}")


def read(path: Path, *, org: str, account: str = "") -> tuple[Asked, ...]:
    """The jobs of a task file, more than one where it asks for an array.

    Raises UsageError naming the file, the field, what was found and what was expected.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            _At(path.name).refuse(f"{path.stat().st_size:,} bytes", f"at most {_MOST_BYTES:,}")
        text = path.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as cause:
        said = cause.strerror if isinstance(cause, OSError) else "not UTF-8"
        raise UsageError("QH597", f"{path}: {said}") from None
    return read_text(text, name=path.name, org=org, account=account)


def read_text(text: str, *, name: str, org: str, account: str = "") -> tuple[Asked, ...]:
    """The jobs of a task file's text.

    name : how messages call the file
    Raises UsageError as `read` does.
    """
    at = _At(name)
    try:
        top = document.load(text)
    except ValueError as cause:
        raise UsageError("QH597", f"{name}{cause}") from None
    task = _mapping(top, at, _TOP)
    run = _text(task, "run", at, most=100_000)
    if not run.strip():
        (at / "run").refuse(run, "the commands to run")
    resources = _mapping(task.get("resources") or {}, at / "resources", _RESOURCES)
    job = _job(task, resources, at, org=org)
    work = _work(task, resources, at, script=f"set -e\n{_text(task, 'setup', at)}\n{run}")
    count = _whole(task, "array", at, low=1, high=_MOST_ARRAY, default=0)
    if not count:
        return (Asked(job, work, account),)
    return tuple(
        Asked(
            replace(job, id=new_id(), name=f"{job.name or 'array'}[{index}]"),
            replace(work, env={**work.env, "QIANHANG_ARRAY": str(index)}), account,
        )
        for index in range(count)
    )  # fmt: skip


def _job(task: Mapping[str, Any], resources: Mapping[str, Any], at: _At, *, org: str) -> Job:
    limit = _length(task, "limit", at, default=_DAY_S)
    named = _text(task, "name", at)
    if named and not _NAME.fullmatch(named):
        (at / "name").refuse(named, "1 to 120 letters, digits, '.', '-', '_' or blanks")
    cap = _number(task, "price_cap", at, low=0.0, default=math.inf)
    return Job(
        new_id(), org, _want(task, resources, at), submitted=0.0,
        estimate_s=_length(task, "estimate", at, default=limit),
        project=_text(task, "project", at, most=80), name=named,
        pools=_texts(resources.get("pools", ()), at / "resources" / "pools"),
        tier=_whole(task, "tier", at, low=0, high=9, default=1),
        preemptible=_flag(task, "preemptible", at),
        checkpoint_s=_length(task, "checkpoint", at, default=0.0),
        data=_data(task.get("data") or (), at / "data"),
        grade=_whole(task, "grade", at, low=1, high=5, default=1),
        price_cap_fen=None if cap == math.inf else int(cap * 100),
        deadline=_moment(task, "deadline", at),
        max_wait_s=_length(task, "max_wait", at, default=-1.0) if "max_wait" in task else None,
    )  # fmt: skip


def _work(task: Mapping[str, Any], resources: Mapping[str, Any], at: _At, *, script: str) -> Work:
    given = task.get("envs") or {}
    if not isinstance(given, Mapping):
        (at / "envs").refuse(given, "variables and their values")
    env = {}
    for name, value in given.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(name)) or str(name).startswith("QIANHANG_"):
            (at / "envs").refuse(name, "a variable's name, not beginning with QIANHANG_")
        if isinstance(value, (Mapping, list)) or value is None or "\0" in str(value):
            (at / "envs" / name).refuse(value, "a text or a number")
        env[str(name)] = str(value)
    threads = _amount(resources, "cpus", at / "resources", default=1.0)
    memory = _amount(resources, "memory", at / "resources", default=4.0)
    return Work(
        script, env, threads=math.ceil(threads), memory_mb=math.ceil(memory * 1024),
        wall_s=_length(task, "limit", at, default=_DAY_S),
        outputs=_outputs(task["outputs"], at / "outputs") if "outputs" in task else None,
    )  # fmt: skip


def _outputs(given: object, at: _At) -> Outputs:
    """A list of files, or {files: [...], when: success or always}."""
    told = _mapping(given, at, _OUTPUTS) if isinstance(given, Mapping) else {"files": given}
    files, when = _texts(told.get("files", ()), at), told.get("when", "success")
    if fault := wrong(files):
        at.refuse(given, fault)
    if when not in ("success", "always"):
        (at / "when").refuse(when, "success or always")
    return Outputs(files, when)


def _want(task: Mapping[str, Any], resources: Mapping[str, Any], at: _At) -> Want:
    """Chips as asked for; a task that names none wants CPU cores."""
    replicas = _whole(task, "num_nodes", at, low=1, high=10_000, default=1)
    at = at / "resources"
    if "accelerators" in resources and "any_of" in resources:
        (at / "any_of").refuse(resources["any_of"], "either accelerators or any_of")
    asked = []
    if "accelerators" in resources:
        asked = _accelerators(resources["accelerators"], at / "accelerators")
    for number, one in enumerate(_list(resources.get("any_of", ()), at / "any_of")):
        here = at / f"any_of[{number}]"
        asked += _accelerators(
            _mapping(one, here, ("accelerators",)).get("accelerators"), here / "accelerators"
        )
    if not asked:
        cores = math.ceil(_amount(resources, "cpus", at, default=1.0))
        return Want(cores, replicas, ("cpu-core",))
    counts = sorted({count for _, count in asked})
    if len(counts) > 1:
        (at / "accelerators").refuse(counts, "the same number of chips of whichever kind")
    if counts[0] <= 0 or (counts[0] > 1 and counts[0] != int(counts[0])):
        (at / "accelerators").refuse(counts[0], "whole chips, or a part of one chip")
    return Want(counts[0], replicas, tuple(dict.fromkeys(name for name, _ in asked)))


def _accelerators(given: object, at: _At) -> list[tuple[str, float]]:
    """Flavour and count of each kind that will do: "A:8", {A: 8, B: 8}, or a list of such."""
    if isinstance(given, str):
        name, _, count = given.partition(":")
        found = _AMOUNT.fullmatch(count) if count else None
        if count and not found:
            at.refuse(given, "a chip and its number, such as Ascend910B:8")
        return [(_flavour(name, at), float(count) if found else 1.0)]
    if isinstance(given, Mapping):
        for name, count in given.items():
            if isinstance(count, bool) or not isinstance(count, (int, float)):
                (at / name).refuse(count, "a number of chips")
        return [(_flavour(str(name), at), float(count)) for name, count in given.items()]
    if isinstance(given, Sequence) and given:
        return [pair for one in given for pair in _accelerators(one, at)]
    at.refuse(given, "a chip and its number, such as {Ascend910B: 8}")


def _flavour(name: str, at: _At) -> str:
    try:
        return find(name.strip()).id
    except UsageError as cause:
        where = f"{at.file}, {at.field}"
        raise UsageError("QH597", f"{where}: {cause.message}", hint=cause.hint) from None


def _data(given: object, at: _At) -> tuple[DataRef, ...]:
    found = []
    for number, one in enumerate(_list(given, at)):
        here = replace(at, field=f"{at.field}[{number}]")
        ref = _mapping(one, here, _DATA)
        zone = _text(ref, "zone", here)
        if not zone:
            (here / "zone").refuse(zone, "the zone in which the data lie")
        gb = _number(ref, "gb", here, low=0.0, default=0.0)
        found.append(DataRef(zone, gb, _flag(ref, "stay", here), _text(ref, "name", here)))
    return tuple(found)


# one field


def _mapping(given: object, at: _At, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        at.refuse(given, f"fields: {', '.join(known)}")
    for name in given:
        if name not in known:
            guess = nearest(str(name), known)
            at.refuse(name, f"{guess} perhaps" if guess else f"one of {', '.join(known)}")
    return given


def _list(given: object, at: _At) -> Sequence[Any]:
    if isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
        at.refuse(given, "a list")
    return given


def _text(table: Mapping[str, Any], name: str, at: _At, *, most: int = 10_000) -> str:
    value = table.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        (at / name).refuse(value, f"text of at most {most:,} characters")
    return value


def _texts(given: object, at: _At) -> tuple[str, ...]:
    found = _list([given] if isinstance(given, str) else given, at)
    for one in found:
        if not isinstance(one, str):
            at.refuse(one, "text")
    return tuple(found)


def _flag(table: Mapping[str, Any], name: str, at: _At) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        (at / name).refuse(value, "true or false")
    return value


def _whole(
    table: Mapping[str, Any], name: str, at: _At, *, low: int, high: int = 2**31, default: int
) -> int:
    value = table.get(name, default)
    if value == default and name not in table:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        (at / name).refuse(value, f"a whole number from {low} to {high:,}")
    return value


def _number(table: Mapping[str, Any], name: str, at: _At, *, low: float, default: float) -> float:
    if name not in table:
        return default
    value = table[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value < 1e12:
        (at / name).refuse(value, f"a number of at least {low:g}")
    return float(value)


def _amount(table: Mapping[str, Any], name: str, at: _At, *, default: float) -> float:
    """A number, or a text such as 32+, which asks for at least so many."""
    value = table.get(name, default)
    found = _AMOUNT.fullmatch(str(value).removesuffix("GB").strip())
    if isinstance(value, bool) or found is None or not 0 < float(found[1]) < 1e6:
        (at / name).refuse(value, "a number above zero, with or without a +")
    return float(found[1])


def _length(table: Mapping[str, Any], name: str, at: _At, *, default: float) -> float:
    """Seconds of a length of time: 90 (minutes, as SkyPilot has it), 45s, 30m, 2h, 1.5d."""
    if name not in table:
        return default
    value = table[name]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e7:
        return float(value) * 60.0
    found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 0 < float(found[1]) < 1e7:
        (at / name).refuse(value, "a length of time such as 45s, 30m, 2h or 1.5d")
    return float(found[1]) * _UNITS[found[2]]


def _moment(table: Mapping[str, Any], name: str, at: _At) -> float | None:
    if name not in table:
        return None
    value = table[name]
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        (at / name).refuse(value, "a moment such as 2026-05-01T08:00+08:00")
    if found.tzinfo is None:
        (at / name).refuse(str(value), "a moment with its zone, such as 2026-05-01T08:00+08:00")
    return found.timestamp()
