"""Carries one study out: `python -m qianhang.runs.studies.carrier ID`, bounded in size and time."""

from __future__ import annotations

import dataclasses
import resource
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qianhang.compute.door import jobs, plant
from qianhang.compute.door.moments import seconds
from qianhang.compute.network import Network, Pool, PueReading, Stock, load
from qianhang.compute.policy.params import Params
from qianhang.compute.simulate import Slice, Traced, cut, replay, summary
from qianhang.compute.simulate.cost import cost
from qianhang.compute.simulate.summary import quantile
from qianhang.compute.simulate.whatif import Change, changed
from qianhang.core.errors import QianhangError, UsageError
from qianhang.runs.studies import desk
from qianhang.runs.studies.desk import Study
from qianhang.runs.workplace import open_store
from qianhang.store import Settings, Store

__all__ = ["MOST_JOBS", "SHARES", "carried", "main"]

MOST_JOBS = 20_000
SHARES = (0.0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 0.995, 1.0)
_CPU_S, _MEMORY = 600, 4 * 2**30


def main(study_id: str) -> int:
    """The exit code: 0 once the study has ended, well or not."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with open_store(Settings.load()) as store:
        study = desk.find(store, study_id, orgs=None)
        result, error = _tried(store, study)
        with store.write() as tx:
            desk.close(tx, study.id, now=datetime.now(UTC), result=result, error=error)
    return 0


def _tried(store: Store, study: Study) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        return carried(store, study), {}
    except QianhangError as cause:
        return {}, cause.told()
    except Exception as cause:
        traceback.print_exc()
        message = f"{type(cause).__name__}: {cause}"
        return {}, {"code": "QH564", "message": message, "hint": ""}


def carried(store: Store, study: Study) -> dict[str, Any]:
    """The figures of each case on the same jobs, the first of them the network as it is.

    Raises UsageError where a file, a pool or a knob cannot be.
    """
    spec = study.spec
    with tempfile.TemporaryDirectory() as folder:
        network = _network(store, spec, Path(folder))
        traced = _traced(store, spec, network, Path(folder), org=study.org)
    if not traced:
        raise UsageError("QH564", "the log holds no job that this network could take")
    params = Params()
    cases = [Change("now", network, params)]
    cases += [_change(network, params, one) for one in spec["changes"]]
    return {"jobs": len(traced), "cases": [_case(traced, one, network) for one in cases]}


def _case(traced: Sequence[Traced], one: Change, today: Network) -> dict[str, Any]:
    """The figures of one case; power costs what it costs today, whatever the rule assumes."""
    made = replay(traced, one.network, params=one.params)
    ranked = sorted(made.waits)
    return {
        "kind": one.kind, "pool": one.pool,
        "figures": dataclasses.asdict(summary(made, one.network)),
        "cost": dataclasses.asdict(cost(made, _priced(one.network, today))),
        "waits": [quantile(ranked, share) for share in SHARES],
    }  # fmt: skip


def _priced(network: Network, today: Network) -> Network:
    known = {pool.id: pool.power_fen_kwh for pool in today.pools}
    pools = tuple(
        dataclasses.replace(pool, power_fen_kwh=known.get(pool.id, pool.power_fen_kwh))
        for pool in network.pools
    )
    return dataclasses.replace(network, pools=pools)


def _network(store: Store, spec: Mapping[str, Any], folder: Path) -> Network:
    """The pools of the file, or those of the door."""
    if spec["pools"]:
        return load(_file(store, spec["pools"], folder))
    found = plant.pools(store)
    if not found:
        raise UsageError("QH564", "no pool has joined here", hint="give a file of pools")
    return plant.network(store, found)


def _traced(
    store: Store, spec: Mapping[str, Any], network: Network, folder: Path, *, org: str
) -> list[Traced]:
    """The jobs of the file, or those that the door saw end, oldest first."""
    most = min(spec["first"], MOST_JOBS)
    asked = Slice(first=most, movable=spec["movable"], seed=spec["seed"])
    if spec["trace"]:
        return cut(_file(store, spec["trace"], folder), network, asked=asked)
    orgs = spec["orgs"] or [org]
    ended = jobs.listed(store, orgs=orgs, states=("finished",), limit=most)
    made = [
        Traced(one.job, max(seconds(one.ended) - seconds(one.started), 1.0))
        for one in ended
        if one.started and one.ended
    ]
    return sorted(made, key=lambda one: (one.job.submitted, one.job.id))


def _file(store: Store, told: Mapping[str, str], folder: Path) -> Path:
    place = folder / told["name"]
    place.write_bytes(store.files.get(told["sha"]))
    return place


def _change(network: Network, params: Params, told: Mapping[str, Any]) -> Change:
    kind = told["kind"]
    if kind == "more":
        return changed(network, params, add=Network((_pool(network, told),)))
    if kind == "down":
        return changed(network, params, down=told["pool"])
    if kind == "green":
        return changed(network, params, power_fen_kwh=told["power_fen_kwh"])
    return Change("policy", network, dataclasses.replace(params, **told["knobs"]))


def _pool(network: Network, told: Mapping[str, Any]) -> Pool:
    """The pool that is to be added, under a name that none of the others has."""
    taken = {pool.id for pool in network.pools}
    number = next(n for n in range(1, len(taken) + 2) if f"new-{n}" not in taken)
    price = told["price_fen"] or max(s.price_fen for p in network.pools for s in p.stock)
    stock = Stock(told["flavour"], told["nodes"], told["chips_per_node"], price)
    return Pool(
        f"new-{number}", network.pools[0].operator, (stock,),
        pue=PueReading(told["pue"], "what-if study", kind="assumed"),
        power_fen_kwh=told["power_fen_kwh"] or network.pools[0].power_fen_kwh,
        grid_g_kwh=network.pools[0].grid_g_kwh, security=max(p.security for p in network.pools),
        zones=tuple(sorted({z for p in network.pools for z in p.zones})),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
