"""The line between two pools measured: a job on one sends to a job on the other."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from qianhang.compute.door import plant
from qianhang.compute.green import wire
from qianhang.compute.green.errands import Errands, Program
from qianhang.compute.green.lines import Measured, keep, measured
from qianhang.compute.job import Want
from qianhang.core.errors import PoolUnavailable, UsageError

__all__ = ["Asked", "probe"]

_PROGRAM = Program("wire.py", wire.MARK, wall_s=600.0, memory_mb=1024)


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe to be made: `a` sends, `b` listens.

    address : where b is reached from a; "" for the name of the machine on which it listens
    port : on which it listens; 0 for any that is free
    seconds, streams, pings : for how long, over how many connections at once, how many round trips
    """

    a: str
    b: str
    address: str = ""
    port: int = 0
    seconds: float = 3.0
    streams: int = 1
    pings: int = 50

    @property
    def method(self) -> str:
        """How it is found, in a line."""
        return f"TCP, {self.streams} streams, {self.seconds:g} s; median of {self.pings} trips"


def probe(errands: Errands, asked: Asked, *, by: str) -> Measured:
    """What the probe found, kept.

    Raises UsageError for a pool with itself or one that is not there, PoolUnavailable where a job
    ends badly or its end of the line cannot be reached.
    """
    if asked.a == asked.b:
        raise UsageError("QH538", f"pool {asked.a}: a line has two different ends")
    for pool in (asked.a, asked.b):
        plant.held(errands.store, pool)
    secret = secrets.token_hex(32)
    ear = _begin(errands, asked.b, "listen", secret=secret, port=asked.port)
    try:
        there = errands.until_told(ear, wire.MARK)
        mouth = _begin(
            errands, asked.a, "send", secret=secret, port=int(there["port"]),
            host=asked.address or str(there["host"]), seconds=asked.seconds,
            streams=asked.streams, pings=asked.pings,
        )  # fmt: skip
        told = errands.until_told(mouth, wire.MARK, ended=True)
    finally:
        errands.stop(ear, errands.look())
    at = errands.look()
    try:
        found = measured((asked.a, asked.b), told, method=asked.method, at=at)
        keep(errands.store, found, by=by, at=at)
    except (KeyError, TypeError, ValueError) as cause:
        raise PoolUnavailable("QH537", f"pool {asked.a}: no sound answer: {cause}") from None
    return found


def _begin(errands: Errands, pool: str, verb: str, **given: Any) -> str:
    work = _PROGRAM.work({"QH_WIRE": json.dumps(given)}, verb)
    return errands.ask(work, Want(1), pool=pool, name=f"line-{verb}")
