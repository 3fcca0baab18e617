"""The JSON of slurmrestd and of the commands' --json, one dialect for each schema that differs.

Seen on a real cluster: v0.0.38 (Slurm 22.05). The others follow their published schemas:
v0.0.39 (23.02) boxes most numbers and takes the environment as a list; v0.0.40 (23.11) has lists of
states and exit codes as trees; v0.0.41 (24.05) and later want the script inside the job.
Source: OpenAPI documents of Slurm, https://slurm.schedmd.com/rest_api.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from qianhang.compute.drivers.slurm.cluster import ClusterJob, ClusterNode, Order, garbled, life_of

__all__ = ["KNOWN", "Dialect", "dialect", "errors_of", "newest", "read", "spoken"]

_VERSION = re.compile(r"v0\.0\.(\d+)")
_FIRST, _LAST = 36, 44
_ERROR_NUMBERS = ("error_number", "error_code", "errno")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version of the schema writes a job and reads the answers."""

    number: int

    @property
    def version(self) -> str:
        """As it stands in addresses."""
        return f"v0.0.{self.number}"

    def order(self, order: Order, *, partition: str, account: str, qos: str) -> dict[str, Any]:
        """The body that submits the job."""
        boxed = self.number >= 39
        job: dict[str, Any] = {
            "name": order.name,
            "comment": order.comment,
            "partition": partition,
            "account": account,
            "qos": qos,
            "current_working_directory": order.folder,
            "standard_output": "/dev/null",
            "standard_error": f"{order.folder}/slurm.txt",
            "cpus_per_task": order.cpus,
            "tasks": order.nodes,
            "tasks_per_node": 1,
            "memory_per_node": _box(order.memory_mb) if boxed else order.memory_mb,
            "time_limit": _box(order.minutes) if boxed else order.minutes,
            "nodes": str(order.nodes) if boxed else order.nodes,
            # v0.0.38 takes "requeue": false without a word and sets it to true.
            ("requeue" if boxed else "no_requeue"): not boxed,
            "environment": [_PATH] if boxed else dict([_PATH.split("=", 1)]),
        }
        if order.gres:
            job |= self._chips(order.gres)
        job = {name: value for name, value in job.items() if value != ""}
        if self.number >= 41:
            return {"job": {**job, "script": order.script}}
        return {"job": job, "script": order.script}

    def _chips(self, gres: str) -> dict[str, str]:
        if self.number <= 38:
            return {"gres": gres}
        return {"tres_per_node": f"{'gres:' if self.number == 39 else 'gres/'}{gres}"}

    def jobs(self, document: Mapping[str, Any]) -> list[ClusterJob]:
        """The jobs of a list."""
        return read(lambda: [self._job(item) for item in document["jobs"]])

    def _job(self, item: Mapping[str, Any]) -> ClusterJob:
        state = self._state(item["job_state"])
        code, signal = self._exit(item.get("exit_code"))
        began, ended = _number(item.get("start_time")), _number(item.get("end_time"))
        over = life_of(state) == "ended" and 0 < began < ended
        reason = str(item.get("state_description") or item.get("state_reason") or "")
        return ClusterJob(
            str(int(item["job_id"])),
            str(item["name"]),
            state,
            reason=reason,
            code=code,
            signal=signal,
            wall_s=float(ended - began) if over else 0.0,
            nodes=str(item.get("nodes") or "").replace("None assigned", ""),
        )

    def _state(self, said: object) -> str:
        if self.number < 40:
            return str(said)
        states = [str(one) for one in said] if isinstance(said, list) else [str(said)]
        if not states:
            raise ValueError("a job without a state")
        return "COMPLETING" if "COMPLETING" in states else states[0]

    def _exit(self, said: object) -> tuple[int | None, int | None]:
        """Exit code and signal: a wait status up to v0.0.39, a tree since."""
        if said is None:
            return None, None
        if isinstance(said, Mapping) and "return_code" in said:
            signal = said.get("signal") or {}
            number = _number(signal.get("id", signal.get("signal_id")))
            return _number(said["return_code"]), number or None
        status = _number(said)
        return (status >> 8) & 0xFF, (status & 0x7F) or None

    def nodes(self, document: Mapping[str, Any]) -> list[ClusterNode]:
        """The nodes of a list."""
        return read(lambda: [self._node(item) for item in document["nodes"]])

    def _node(self, item: Mapping[str, Any]) -> ClusterNode:
        said = item["state"]
        states = [*said] if isinstance(said, list) else [said, *(item.get("state_flags") or ())]
        return ClusterNode(
            str(item["name"]),
            frozenset(str(one).upper() for one in states),
            _number(item["cpus"]),
            _number(item["alloc_cpus"]),
            _number(item["real_memory"]),
            _number(item["alloc_memory"]),
            gres=str(item.get("gres") or ""),
            gres_used=str(item.get("gres_used") or ""),
        )

    def accounted(self, document: Mapping[str, Any]) -> list[ClusterJob]:
        """The jobs of a list of slurmdbd, which nests what the controller tells flat."""
        return read(
            lambda: [
                self._job(
                    {
                        **item,
                        "job_state": item["state"]["current"],
                        "start_time": item["time"].get("start"),
                        "end_time": item["time"].get("end"),
                    }
                )
                for item in document["jobs"]
            ]
        )

    def partitions_of(self, document: Mapping[str, Any]) -> dict[str, list[str]]:
        """Node -> the partitions that it is in."""
        return read(lambda: {str(i["name"]): _names(i["partitions"]) for i in document["nodes"]})

    def job_id(self, document: Mapping[str, Any]) -> str:
        """The number of a job just taken."""
        inner = document.get("result")
        value = document.get("job_id") or (inner.get("job_id") if isinstance(inner, dict) else None)
        number = read(lambda: _number(value))
        if number <= 0:
            raise garbled("a job was submitted, and no number came back")
        return str(number)

    def clock(self, document: Mapping[str, Any]) -> float:
        """The controller's time in its statistics, seconds since 1970."""
        return read(lambda: float(_number(document["statistics"]["req_time"])))


KNOWN = tuple(Dialect(number) for number in range(_FIRST, _LAST + 1))
_PATH = "PATH=/usr/local/bin:/usr/bin:/bin"


def dialect(version: str) -> Dialect:
    """The dialect of this name.

    Raises PoolUnavailable where we do not know it.
    """
    for one in KNOWN:
        if one.version == version:
            return one
    raise garbled(f"schema {version!r} is none of {KNOWN[0].version} to {KNOWN[-1].version}")


def newest(text: str) -> Dialect:
    """The newest dialect that we know of those whose addresses stand in the text.

    Raises PoolUnavailable naming those that were offered.
    """
    offered = {int(number) for number in re.findall(r"slurm\\?/v0\.0\.(\d+)\\?/", text)}
    known = [one for one in KNOWN if one.number in offered]
    if not known:
        names = ", ".join(f"v0.0.{number}" for number in sorted(offered)) or "none"
        raise garbled(f"no schema that we know is offered (there: {names})")
    return known[-1]


def spoken(document: Mapping[str, Any]) -> Dialect:
    """The dialect that a document says it is written in, as the commands' --json does."""
    plugin = (document.get("meta") or {}).get("plugin") or {}
    said = " ".join(str(plugin.get(key) or "") for key in ("data_parser", "type"))
    found = _VERSION.search(said)
    if found is None:
        raise garbled("the answer does not say which schema it follows")
    return dialect(found.group())


def errors_of(document: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Number and words of each error that the answer tells."""
    told = document.get("errors") or []
    if not isinstance(told, list):
        raise garbled("the answer's errors are not a list")
    found = []
    for one in told:
        if isinstance(one, Mapping):
            words = [str(one[key]) for key in ("error", "description") if one.get(key)]
            found.append(
                (next((_number(one[k]) for k in _ERROR_NUMBERS if k in one), 0), ": ".join(words))
            )
        else:
            found.append((-1, str(one)))
    return found


def read(reader: Callable[[], _T]) -> _T:
    """What the reader finds; a document of another shape is garbled, not a fault of ours."""
    try:
        return reader()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as cause:
        raise garbled(f"cannot read the answer: {type(cause).__name__} {cause}"[:200]) from cause


def _box(number: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": number}


def _number(said: Any) -> int:
    """A number, boxed or not; 0 where the box is not set."""
    if said is None:
        return 0
    if isinstance(said, Mapping):
        return int(said["number"] or 0) if said.get("set") else 0
    return int(said)


def _names(said: Any) -> list[str]:
    return said.split(",") if isinstance(said, str) else [str(one) for one in said]
