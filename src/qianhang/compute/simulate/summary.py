"""A replay in figures: waits, completion, use of the chips, energy-weighted PUE, speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qianhang.compute.flavour import flavours
from qianhang.compute.network import Network, Pool
from qianhang.compute.simulate.replay import Replay

__all__ = ["Summary", "quantile", "summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a replay; waits and completions in s, energy of busy chips in kWh.

    mean_completion_s : from submission to end
    utilisation, load : chip-seconds used, and asked for, over those there were from first
        submission to last end, and to last submission
    pue : of the pools, weighted by the energy of their busy chips
    """

    jobs: int
    refused: int
    mean_wait_s: float
    p50_wait_s: float
    p99_wait_s: float
    max_wait_s: float
    mean_completion_s: float
    utilisation: float
    load: float
    it_kwh: float
    pue: float
    decisions: int
    cpu_s: float
    jobs_per_cpu_s: float
    decisions_per_cpu_s: float


def quantile(ranked: Sequence[float], share: float) -> float:
    """The value below which that share of the ranked values lies; 0 of none."""
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0


def summary(replay: Replay, network: Network) -> Summary:
    """The replay in figures."""
    ranked, count = sorted(replay.waits), max(len(replay.jobs), 1)
    submitted = [one.job.submitted for one in replay.jobs] or [0.0]
    chips = sum(pool.chips for pool in network.pools)
    stays = replay.stays
    busy = np.bincount(
        stays[:, 1].astype(int), stays[:, 4] * (stays[:, 3] - stays[:, 2]), len(replay.racks)
    )
    work = float(busy.sum())
    first, span = submitted[0], max((*replay.ends, submitted[-1])) - submitted[0]
    it, site = _energy(replay.racks, busy, {pool.id: pool for pool in network.pools})
    cpu_s = max(replay.cpu_s, 1e-9)
    return Summary(
        jobs=len(replay.jobs),
        refused=len(replay.refused),
        mean_wait_s=sum(ranked) / count,
        p50_wait_s=quantile(ranked, 0.5),
        p99_wait_s=quantile(ranked, 0.99),
        max_wait_s=ranked[-1] if ranked else 0.0,
        mean_completion_s=sum(map(float.__sub__, replay.ends, submitted)) / count,
        utilisation=work / (chips * span) if span else 0.0,
        load=work / (chips * (submitted[-1] - first)) if submitted[-1] > first else 0.0,
        it_kwh=it,
        pue=site / it if it else 0.0,
        decisions=replay.decisions,
        cpu_s=replay.cpu_s,
        jobs_per_cpu_s=len(replay.jobs) / cpu_s,
        decisions_per_cpu_s=replay.decisions / cpu_s,
    )


def _energy(
    racks: Sequence[tuple[str, int]], busy: np.ndarray, pools: Mapping[str, Pool]
) -> tuple[float, float]:
    """kWh of busy chips, and of their sites; busy : (racks,) chip-seconds."""
    known = flavours()
    it = site = 0.0
    for (name, at), chip_s in zip(racks, busy.tolist(), strict=True):
        pool = pools[name]
        flavour = known.get(pool.stock[at].flavour)
        kwh = flavour.busy_w.value * chip_s / 3.6e6 if flavour else 0.0
        it += kwh
        site += kwh * pool.pue.value
    return it, site
