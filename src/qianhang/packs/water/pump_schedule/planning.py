"""From an EPANET file to a day's plan, the plans that it is measured against, and their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.errors import UsageError
from qianhang.core.results import Plan
from qianhang.packs.water.pump_schedule import check, page
from qianhang.packs.water.pump_schedule.document import DAY_S, Document, Run
from qianhang.packs.water.pump_schedule.estimate import Modes, as_runs, look_at_modes, shares
from qianhang.packs.water.pump_schedule.plant import Day, Plant
from qianhang.packs.water.pump_schedule.search import Limits, Search

__all__ = ["judge", "open_document", "own_runs", "plan_day", "price", "rule_runs", "runs_of"]

Params = Mapping[str, Any]
_SLOTS = 80  # switches a day that the file's own controls may come to, for one pump


def open_document(path: Path, params: Params) -> Document:
    """One day of the network; where it has no price of energy, the tariff of the parameters."""
    document = Document.read(path).one_day()
    with Plant(document) as plant:
        priced, step = bool(plant.prices.any()), plant.pattern_step_s
    if priced:
        return document
    return document.with_tariff(_tariff(str(params["tariff"])), step_s=step)


def plan_day(path: Path, params: Params, seed: int) -> Plan:
    """The cheapest schedule found, and the tables that explain it; its optimality is not proven."""
    document = open_document(path, params)
    own, first = _own(document)
    bare = document.unscheduled()
    starts = int(params["starts"])
    with Plant(bare, slots=2 * starts + 2) as plant:
        limits = Limits(
            np.minimum(own.pressure, float(params["pressure_m"])) - 0.01,
            plant.initial,
            own.drawn,
            starts,
        )
        modes, guesses, worth = _guesses(plant, own, starts, seed)
        effect = modes.effect()
        scale = max(float(np.abs(effect).max(initial=0.0)) * 24, 1.0)
        search = Search(plant, limits, effect, worth=3 * _money(own) / scale, seed=seed)
        most = min(int(params["runs"]), 300 * len(plant.pumps))
        budget = int(np.clip(float(params["work"]) / (50 * plant.links), min(20, most), most))
        runs, _ = search.run([first, *guesses], runs=budget)
        day = plant.day(runs, traced=True)
        facts: dict[str, Any] = dict(page.tables(plant, document, runs, day, own))
        facts |= {"simulated_days": plant.runs, "optimality": "unproven"}
        prices = page.worth_of_water(plant, worth)
    return Plan(_table(runs), prices=prices, facts=facts)


def own_runs(path: Path, params: Params) -> Plan:
    """The runs that the file's own controls come to."""
    return Plan(_table(_own(open_document(path, params))[1]))


def rule_runs(path: Path, params: Params) -> Plan:
    """Fill at the cheap rate, run at the dear one only where a tank is half empty or must end full.

    Each pump watches the tank that it fills most; decided at full hours.
    """
    document = open_document(path, params)
    with Plant(document.unscheduled(), slots=_SLOTS) as plant:
        levels = np.tile(plant.initial, (24, 1))
        effect = look_at_modes(plant, levels, most=16, seed=0).effect()
        span = plant.high - plant.low
        cheap = plant.prices <= plant.prices.mean(axis=1, keepdims=True)

        def rule(hour: int, levels: Any) -> list[bool]:
            at = min(hour * plant.prices.shape[1] // 24, plant.prices.shape[1] - 1)
            goal = np.where(hour >= 20, plant.initial, plant.low + 0.5 * span)
            brim = plant.low + 0.95 * span
            return [
                _wants(effect[p], levels, brim if cheap[p, at] else goal)
                for p in range(len(plant.pumps))
            ]

        return Plan(_table(plant.ruled(rule)))


def price(path: Path, plan: Plan, params: Params) -> float:
    """What the plan's day costs by EPANET's own energy report, run from a file written anew."""
    document = open_document(path, params).unscheduled()
    return check.simulate(document.with_runs(runs_of(plan))).cost


def judge(path: Path, plan: Plan, params: Params) -> list[str]:
    """What the plan breaks, in words."""
    document = open_document(path, params)
    return check.broken(
        document.unscheduled(),
        runs_of(plan),
        own=check.simulate(document),
        starts=int(params["starts"]),
        least_m=float(params["pressure_m"]),
    )


def runs_of(plan: Plan) -> list[Run]:
    """The runs in the table of a plan."""
    rows = zip(plan.table["pump"], plan.table["start"], plan.table["end"], strict=True)
    return [Run(str(p), round(float(a) * 3600), round(float(b) * 3600)) for p, a, b in rows]


def _table(runs: Sequence[Run]) -> pd.DataFrame:
    rows = [(r.pump, r.start / 3600, r.end / 3600, (r.end - r.start) / 3600) for r in sorted(runs)]
    return pd.DataFrame(rows, columns=["pump", "start", "end", "hours"]).astype({"pump": str})


def _own(document: Document) -> tuple[Day, list[Run]]:
    """The day under the file's own controls, and its runs."""
    with Plant(document) as plant:
        day = plant.day(traced=True)
        power = np.array(day.trace.power)
        runs = []
        for number, pump in enumerate(plant.pumps):
            on = np.concatenate([[0], (power[:, number] > 1e-6).astype(int), [0]])
            times = np.concatenate([day.trace.time, [DAY_S]])
            for a, b in zip(
                np.flatnonzero(np.diff(on) > 0), np.flatnonzero(np.diff(on) < 0), strict=True
            ):
                end = min(int(times[b]), DAY_S)
                runs += [Run(pump, int(times[a]), end)] if end > int(times[a]) else []
    return day, runs


def _guesses(plant: Plant, own: Day, starts: int, seed: int) -> tuple[Modes, list[list[Run]], Any]:
    """Schedules from two linear programs, the second about the levels of the first."""
    most = int(np.clip(128 * 300 / plant.links, 16, 128))
    levels, worth = np.tile(plant.initial, (24, 1)), None
    guesses: list[list[Run]] = []
    if not plant.tanks:
        return look_at_modes(plant, levels, most=most, seed=seed), guesses, worth
    lowest = np.array(own.trace.levels).min(axis=0)
    floor = 0.5 * (plant.low + np.minimum(lowest, plant.initial))
    for _ in range(2):
        inside = np.clip(levels, plant.low + 0.02, np.maximum(plant.high - 0.02, plant.low + 0.02))
        modes = look_at_modes(plant, inside, most=most, seed=seed)
        found = shares(modes, plant, floor=floor, smooth=2e-4 * _money(own))
        if found is None:
            break
        guesses.append(as_runs(found.share, plant.pumps, most=starts))
        levels, worth = np.vstack([plant.initial, found.levels[:-1]]), found.worth
    return modes, guesses, worth


def _wants(effect: Any, levels: Any, goal: Any) -> bool:
    """Whether the tank that a pump fills most lies below its goal; always so without a tank."""
    if not len(effect) or effect.max() <= 0:
        return True
    tank = int(effect.argmax())
    return bool(levels[tank] < goal[tank])


def _money(own: Day) -> float:
    return max(abs(own.cost), 1.0)


def _tariff(text: str) -> list[float]:
    """Prices of the 24 hours from text such as "0-7:0.35,7-24:0.90"."""
    prices = np.full(24, np.nan)
    try:
        for part in text.split(","):
            hours, value = part.split(":")
            begin, end = (int(h) for h in hours.split("-"))
            prices[begin:end] = float(value)
    except ValueError:
        prices[:] = np.nan
    if np.isnan(prices).any():
        raise UsageError(
            "QH802",
            f"parameter tariff: found {text!r}, expected a price for each hour of the day",
            hint='write it as "0-7:0.35,7-24:0.90"',
        )
    return [float(p) for p in prices]
