"""What chips really do: a benchmark job on each node through the door, beside the name-plate."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute.door import attempts, plant
from qianhang.compute.door.moments import stamp
from qianhang.compute.flavour import Flavour, find
from qianhang.compute.green import bench, tables
from qianhang.compute.green.errands import Errands, Program
from qianhang.compute.job import Want
from qianhang.core.errors import PoolUnavailable, UsageError

if TYPE_CHECKING:
    from qianhang.compute.network import Pool, Stock
    from qianhang.store import Store

__all__ = ["Benched", "Holding", "Terms", "benched", "holdings", "measure", "precision_of"]

FRESH = timedelta(days=200)
_TABLE = tables.bench
# A product's error over the root of its length: well above what each precision leaves.
_WORST = {"fp64": 1e-9, "fp32": 1e-3, "fp16": 0.1}
_MOST = 1.5  # times the name-plate of an accelerator; cores differ more than that among themselves
_MODULES = {"cpu": ("numpy",), "gpu": ("torch",), "npu": ("torch_npu",)}


@dataclass(frozen=True, slots=True)
class Terms:
    """How chips are measured.

    nodes : on how many nodes of each flavour, 0 for all of them
    precision : "" for that of the name-plate
    size : rows and columns of the matrices, 0 for what fits the kind of chip
    python : the interpreter that is tried first
    """

    nodes: int = 0
    precision: str = ""
    size: int = 0
    seconds: float = 5.0
    python: str = ""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Benched:
    """What a benchmark job found on one node.

    tflops, nameplate : of one chip, measured, and by the maker's sheet in FP16
    chips : how many worked at once; body : what the job told
    """

    job: str
    pool: str
    flavour: str
    node: str
    chips: int
    precision: str
    tflops: float
    nameplate: float
    at: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Measured over name-plate; None where the two are of different precisions."""
        same = self.precision == precision_of(find(self.flavour))
        return self.tflops / self.nameplate if same and self.nameplate > 0 else None


@dataclass(frozen=True, slots=True)
class Holding:
    """Chips of one flavour in one pool: what the name-plates say and what was confirmed.

    confirmed : chips on nodes that a benchmark job measured, each node's newest, not too long ago
    pflops, confirmed_pflops : of all chips by name-plate; of the confirmed ones as measured
    jobs : those jobs; on : when the last of them was kept
    """

    pool: str
    flavour: str
    chips: int
    pflops: float
    confirmed: int
    confirmed_pflops: float
    precision: str
    jobs: tuple[str, ...] = ()
    on: str = ""


def precision_of(chip: Flavour) -> str:
    """In which precision its name-plate holds: cores are listed by single-precision operations."""
    return "fp32" if chip.kind == "cpu" else "fp16"


def measure(errands: Errands, pool_id: str, terms: Terms, *, by: str) -> tuple[Benched, ...]:
    """What jobs on the pool's nodes found, kept; a job a node, for each flavour.

    Raises UsageError for a pool that is not there or a precision that its chips are not measured
    in, PoolUnavailable where a job ends badly or tells what cannot be: what others found before it
    is kept, and those that still wait are cancelled.
    """
    pool = plant.held(errands.store, pool_id).pool
    asked = [
        (stock, _ask(errands, pool, stock, terms))
        for stock in pool.stock
        for _ in range(min(stock.nodes, terms.nodes or stock.nodes))
    ]
    found = []
    try:
        for stock, job in asked:
            told = errands.until_told(job, bench.MARK, ended=True)
            one = _sound(errands, pool, stock, job=job, told=told)
            _keep(errands.store, one, by=by)
            found.append(one)
    finally:
        at = errands.look()
        for _, job in asked:
            errands.stop(job, at)
    return tuple(found)


def _ask(errands: Errands, pool: Pool, stock: Stock, terms: Terms) -> str:
    chip = find(stock.flavour)
    precision = terms.precision or precision_of(chip)
    allowed = ("fp32", "fp64") if chip.kind == "cpu" else ("fp16", "fp32")
    if precision not in allowed:
        text = f"pool {pool.id}: {stock.flavour} in {precision}, measured in {' or '.join(allowed)}"
        raise UsageError("QH538", text)
    size = terms.size or (1024 if chip.kind == "cpu" else 8192)
    given = {
        "kind": chip.kind, "chips": stock.chips_per_node, "precision": precision, "size": size,
        "seconds": terms.seconds, "seed": terms.seed,
    }  # fmt: skip
    program = Program(
        "bench.py", bench.MARK, _MODULES[chip.kind], wall_s=300.0 + 10 * terms.seconds,
        memory_mb=4096,
    )  # fmt: skip
    env = {"QH_BENCH": json.dumps(given), "QH_PYTHON": terms.python}
    want = Want(stock.chips_per_node, 1, (stock.flavour,))
    return errands.ask(program.work(env), want, pool=pool.id, name="benchmark")


def _sound(
    errands: Errands, pool: Pool, stock: Stock, *, job: str, told: Mapping[str, Any]
) -> Benched:
    """What the job told, where it can be: a chip that is quick and wrong is not confirmed."""
    made = attempts.of(errands.store, job)[-1]
    wall_s = made.outcome.usage.wall_s if made.outcome else 0.0
    try:
        total, error, seconds = (float(told[n]) for n in ("tflops", "error", "seconds"))
        precision, node = str(told["precision"]), str(told["node"])[:120]
    except (KeyError, TypeError, ValueError) as cause:
        raise _nonsense(pool, job, f"no figure: {cause}") from None
    if not (0 < total < math.inf and seconds > 0):
        raise _nonsense(pool, job, f"{total} TFlops in {seconds} s")
    if not error <= _WORST.get(precision, 0.0):
        raise _nonsense(pool, job, f"products are off by {error:.3g} in {precision}")
    if wall_s and seconds > wall_s + 1.0:
        raise _nonsense(pool, job, f"says {seconds:.1f} s, its keeper counted {wall_s:.1f} s")
    chip = find(stock.flavour)
    each, listed = total / stock.chips_per_node, chip.fp16_tflops.value
    if chip.kind != "cpu" and each > _MOST * listed:
        raise _nonsense(pool, job, f"{each:.6g} TFlops a chip, its name-plate says {listed:g}")
    return Benched(
        job, pool.id, stock.flavour, node, stock.chips_per_node, precision,
        each, listed, stamp(errands.look()), dict(told),
    )  # fmt: skip


def _nonsense(pool: Pool, job: str, why: str) -> PoolUnavailable:
    return PoolUnavailable("QH537", f"pool {pool.id}: benchmark job {job} is not believed: {why}")


def _keep(store: Store, one: Benched, *, by: str) -> None:
    row = {n: getattr(one, n) for n in Benched.__slots__ if n != "body"} | {
        "body": json.dumps(dict(one.body), sort_keys=True), "by": by,
    }  # fmt: skip
    with store.write() as tx:
        tx.execute(sa.insert(_TABLE).values(row))
        told = {n: row[n] for n in ("flavour", "node", "chips", "precision", "tflops", "job")}
        tx.append("compute.bench", one.pool, payload=told, at=datetime.fromisoformat(one.at))


def benched(store: Store, pool: str = "") -> tuple[Benched, ...]:
    """What benchmark jobs found, of one pool where given, in the order of time."""
    query = sa.select(_TABLE).order_by(_TABLE.c.at, _TABLE.c.job)
    if pool:
        query = query.where(_TABLE.c.pool == pool)
    names = [n for n in Benched.__slots__ if n != "body"]
    with store.read() as connection:
        rows = connection.execute(query).mappings()
        return tuple(Benched(**{n: r[n] for n in names}, body=json.loads(r["body"])) for r in rows)


def holdings(
    pools: Iterable[Pool], found: Sequence[Benched], *, now: datetime
) -> tuple[Holding, ...]:
    """Each flavour of each pool, confirmed and by name-plate."""
    return tuple(_holding(pool, stock, found, now) for pool in pools for stock in _stocks(pool))


def _stocks(pool: Pool) -> list[tuple[str, int]]:
    chips: dict[str, int] = {}
    for stock in pool.stock:
        chips[stock.flavour] = chips.get(stock.flavour, 0) + stock.chips
    return list(chips.items())


def _holding(
    pool: Pool, stock: tuple[str, int], found: Sequence[Benched], now: datetime
) -> Holding:
    flavour, chips = stock
    chip = find(flavour)
    precision, since = precision_of(chip), stamp(now - FRESH)
    nodes: dict[str, Benched] = {}
    for one in found:
        if (one.pool, one.flavour, one.precision) == (pool.id, flavour, precision):
            nodes[one.node] = one
    own = [one for one in nodes.values() if one.at > since]
    confirmed = sum(one.chips for one in own)
    tflops = sum(one.chips * one.tflops for one in own)
    if confirmed > chips:  # nodes that have been taken away since
        tflops, confirmed = tflops * chips / confirmed, chips
    return Holding(
        pool.id, flavour, chips, chips * chip.fp16_tflops.value / 1000.0, confirmed,
        tflops / 1000.0, precision, tuple(sorted(one.job for one in own)),
        max((one.at for one in own), default=""),
    )  # fmt: skip
