"""A Slurm cluster asked through its commands, each call with its own time limit."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from qianhang.compute.drivers.slurm import dialects
from qianhang.compute.drivers.slurm.cluster import (
    ClusterJob,
    ClusterNode,
    Order,
    deaf,
    garbled,
    life_of,
    refused,
    unclear,
    unreachable,
)
from qianhang.compute.drivers.slurm.settings import SlurmSettings
from qianhang.core.errors import PoolUnavailable

__all__ = ["Commands"]

_JOB = (("JobID", 20), ("State", 20), ("exit_code", 12), ("TimeUsed", 20), ("Name", 96),
        ("NodeList", 40), ("Reason", 120))  # fmt: skip
_NODE = (("NodeList", 120), ("StateLong", 40), ("CPUsState", 40), ("Memory", 20), ("AllocMem", 20),
         ("Gres", 400), ("GresUsed", 400))  # fmt: skip
_SACCT = "JobIDRaw,State,ExitCode,ElapsedRaw,NodeList,JobName"


class Commands:
    """sbatch, squeue, scancel, sinfo, sdiag and sacct of one cluster, chosen by its slurm.conf."""

    def __init__(self, settings: SlurmSettings) -> None:
        self.settings = settings
        path = os.environ.get("PATH", os.defpath)
        self._where = str(settings.programs) if settings.programs else path
        # sbatch hands its variables on to the job, so it gets these and no secret of ours.
        self._env = {"PATH": path, "LANG": "C", "LC_ALL": "C", "HOME": os.environ.get("HOME", "/")}
        if settings.conf:
            self._env["SLURM_CONF"] = str(settings.conf)

    def submit(self, order: Order) -> str:
        """The job's number."""
        limits = self.settings
        options = {
            "job-name": order.name,
            "comment": order.comment,
            "chdir": order.folder,
            "output": "/dev/null",
            "error": f"{order.folder}/slurm.txt",
            "time": str(order.minutes),
            "mem": f"{order.memory_mb}M",
            "cpus-per-task": str(order.cpus),
            "nodes": str(order.nodes),
            "ntasks-per-node": "1",
            "gres": order.gres,
            "partition": limits.partition,
            "account": limits.account,
            "qos": limits.qos,
        }
        chosen = [f"--{name}={value}" for name, value in options.items() if value]
        try:
            said = self._ask("sbatch", "--parsable", "--no-requeue", *chosen, stdin=order.script)
        except PoolUnavailable as cause:
            raise cause if cause.code == "QH542" else unclear(cause) from cause
        number = said.strip().partition(";")[0]
        if not number.isdigit():
            raise unclear(garbled(f"sbatch printed {said[:80]!r} instead of a job's number"))
        return number

    def active(self) -> list[ClusterJob]:
        """The jobs of ours that wait or run."""
        return self._squeue()

    def named(self, name: str, *, known_id: str = "") -> list[ClusterJob]:  # noqa: ARG002  # a hint
        """Every job of ours with this name that the controller or its records know."""
        found = self._squeue("--states=all", f"--name={name}")
        if not found and self.settings.accounting:
            return self._sacct(name)
        return found

    def cancel(self, name: str, *, only: Sequence[str] = ()) -> None:
        """Ask for the end of all jobs of ours with this name, or of these numbers only."""
        self._ask("scancel", f"--user={os.geteuid()}", f"--name={name}", *only)

    def nodes(self) -> list[ClusterNode]:
        """The nodes on which our jobs may run."""
        only = [f"--partition={self.settings.partition}"] if self.settings.partition else []
        said = self._ask("sinfo", "--noheader", "--Node", "-O", _format(_NODE), *only)
        found = dialects.read(lambda: [_node(fields) for fields in _rows(said, _NODE)])
        return [*{node.name: node for node in found}.values()]

    def now(self) -> float:
        """The controller's clock, seconds since 1970."""
        said = re.search(r"output at .*\((\d+)\)", self._ask("sdiag"))
        if said is None:
            raise garbled("sdiag does not tell the time")
        return float(said.group(1))

    def document(self, program: str, *arguments: str) -> dict[str, Any]:
        """What a command prints with --json."""
        said = self._ask(program, "--json", *arguments)
        found = dialects.read(lambda: json.loads(said))
        if not isinstance(found, dict):
            raise garbled(f"{program} --json printed no object")
        return found

    def _squeue(self, *arguments: str) -> list[ClusterJob]:
        said = self._ask("squeue", "--noheader", f"--user={os.geteuid()}", "-O", _format(_JOB),
                         *arguments)  # fmt: skip
        return dialects.read(lambda: [_job(fields) for fields in _rows(said, _JOB)])

    def _sacct(self, name: str) -> list[ClusterJob]:
        said = self._ask("sacct", "--noheader", "-P", "-X", "-D", f"--name={name}", "-S",
                         "now-60days", f"--format={_SACCT}")  # fmt: skip
        return dialects.read(lambda: [accounted(line) for line in said.splitlines() if line])

    def _ask(self, program: str, *arguments: str, stdin: str = "") -> str:
        """What the command prints; it and all that it started are gone once its time is up."""
        found = shutil.which(program, path=self._where)
        if found is None:
            raise unreachable(f"{program} is not installed here")
        limit_s = self.settings.timeout_s
        try:
            child = subprocess.Popen(  # noqa: S603  # a list, no shell
                [found, *arguments],
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as cause:
            raise unreachable(f"{program}: {cause.strerror}") from cause
        with child:
            try:
                out, errors = child.communicate(stdin.encode(), timeout=limit_s)
            except subprocess.TimeoutExpired:
                raise unreachable(f"{program} gave no answer within {limit_s:g} s") from None
            finally:
                if child.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.pid, signal.SIGKILL)
        return _answer(program, child.returncode, out=out, errors=errors)


def accounted(line: str) -> ClusterJob:
    """The job of a line of sacct -P with the columns that we ask for."""
    number, state, exits, wall, nodes, name = line.split("|", 5)
    code, _, signum = exits.partition(":")
    base = state.split()[0]
    life_of(base)
    return ClusterJob(
        number,
        name,
        base,
        code=int(code),
        signal=int(signum or 0) or None,
        wall_s=float(wall or 0),
        nodes=nodes.replace("None assigned", ""),
    )


def _answer(program: str, code: int, *, out: bytes, errors: bytes) -> str:
    said = " ".join(errors.decode("utf8", "replace").split())[-300:]
    if code:
        if program == "sbatch" and not deaf(said) and code > 0:
            raise refused(f"{program}: {said or f'exit code {code}'}")
        raise unreachable(f"{program}: {said or f'exit code {code}'}")
    try:
        return out.decode("utf8")
    except UnicodeDecodeError:
        raise garbled(f"{program} printed no text") from None


def _format(columns: tuple[tuple[str, int], ...]) -> str:
    return ",".join(f"{name}:{width}" for name, width in columns)


def _rows(said: str, columns: tuple[tuple[str, int], ...]) -> Iterator[list[str]]:
    """The fields of each line, cut at their widths: a reason may hold spaces, or anything else."""
    for line in said.splitlines():
        if not line.strip():
            continue
        fields, start = [], 0
        for _, width in columns:
            fields.append(line[start : start + width].strip())
            start += width
        yield fields


def _job(fields: list[str]) -> ClusterJob:
    number, state, status, used, name, nodes, reason = fields
    exit_status = int(status)
    life_of(state)
    return ClusterJob(
        str(int(number)),
        name,
        state,
        reason="" if reason == "None" else reason,
        code=(exit_status >> 8) & 0xFF,
        signal=(exit_status & 0x7F) or None,
        wall_s=_seconds(used),
        nodes=nodes,
    )


def _node(fields: list[str]) -> ClusterNode:
    name, state, cpus, memory, used, gres, gres_used = fields
    allocated, _, _, total = (int(count) for count in cpus.split("/"))
    states = {re.sub(r"[^a-z_]", "", state).upper()} | (
        {"NOT_RESPONDING"} if "*" in state else set()
    )
    return ClusterNode(name, frozenset(states), total, allocated, int(memory), int(used),
                       gres=gres, gres_used=gres_used)  # fmt: skip


def _seconds(text: str) -> float:
    """Seconds of 1-02:03:04, 02:03:04 or 3:04."""
    if text in {"INVALID", "UNLIMITED"}:
        return 0.0
    days, _, clock = text.rpartition("-")
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    return float(total + 86400 * int(days or 0))
