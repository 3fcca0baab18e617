"""The cheapest ration that meets every requirement of a dairy cow, with the price of each one."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Spec
from qianhang.engines import optimise
from qianhang.packs.agriculture.feed_formulation import checker, hand, report
from qianhang.packs.agriculture.feed_formulation.cow import Cow
from qianhang.packs.agriculture.feed_formulation.library import feeds, library
from qianhang.packs.agriculture.feed_formulation.nutrition import Ration, composition

_LIMITS = ("forage_ndf_low", "ndf_low", "starch_high", "fat_high", "rdp_low", "sulphur_high")


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The least-cost ration by a sequence of linear programs, and what each requirement costs.

    Raises ContractError naming the requirements that these feeds cannot meet together.
    """
    offer, chosen = problem.table, feeds(problem)
    ration = _ration(chosen, spec)
    dm = chosen["Fd_DM"].to_numpy(float) / 100
    low, high = (offer[c].to_numpy(float) * dm for c in ("low", "high"))
    start = np.clip((low + high) / 2, low, high)
    start *= ration.cow.appetite / start.sum()
    scale = np.maximum(np.abs(ration.ledger(start[:, None])[1][:, 0]), 1e-6)
    smooth = optimise.Smooth(offer["price"].to_numpy(float) / dm, ration.balance, low, high, scale)
    best, program, rounds = optimise.sequential(smooth, start)
    if not best.found:
        raise report.impossible(program, ration, best.x)
    table = report.recipe(offer, best.x, dm)
    facts = {
        "rounds": rounds,
        "bound_is": "last_linear_program",
        "cost_shares": report.cost_shares(table),
    }
    return Plan(table, best.bound, best.gap, report.needs(ration, best), facts)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """Price of the ration, CNY a day, from the offer's own prices, in decimal arithmetic."""
    prices = dict(zip(problem.table["feed"], problem.table["price"], strict=True))
    rows = zip(plan.table["feed"], plan.table["kg"], strict=True)
    return float(sum(Decimal(str(prices[f])) * Decimal(str(kg)) for f, kg in rows))


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """What the full NASEM (2021) model and the offer's own limits find broken, in words."""
    offer = problem.table.set_index("feed")
    chosen = feeds(problem).set_index("Fd_Name")
    given = dict(zip(plan.table["feed"], plan.table["kg"], strict=True))
    broken = [f"{f}: not in the offer" for f in given if f not in offer.index]
    if broken:
        return broken
    for feed, row in offer.iterrows():
        kg = given.get(feed, 0.0)
        if not row["low"] - 1e-6 <= kg <= row["high"] + 1e-6:
            broken.append(f"{feed}: {kg:.4g} kg, allowed {row['low']:g} to {row['high']:g}")
    share = chosen["Fd_DM"].astype(float) / 100
    dry = {f: float(kg * share[f]) for f, kg in given.items() if kg > 1e-9}
    if not dry:
        return [*broken, "the ration is empty"]
    known = library(problem).set_index("Fd_Name")
    known.loc[chosen.index, :] = chosen  # the offer's own analyses stand instead
    return broken + checker.judge(dry, library=known.reset_index(), params=spec.params)


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """The farm's own ration (column hand), or the Pearson square where the offer has none."""
    offer = problem.table
    if "hand" not in offer or not offer["hand"].fillna(0).any():
        return practice(problem, spec=spec)
    dm = feeds(problem)["Fd_DM"].to_numpy(float) / 100
    dry = offer["hand"].fillna(0).to_numpy(float) * dm
    return Plan(report.recipe(offer, dry * min(1.0, Cow.of(spec.params).appetite / dry.sum()), dm))


def practice(problem: Inputs, *, spec: Spec) -> Plan:
    """The textbook way: half forage, and grain and meal by the Pearson square for crude protein."""
    chosen = feeds(problem)
    dry = hand.square(problem.table, chosen, appetite=Cow.of(spec.params).appetite)
    return Plan(report.recipe(problem.table, dry, chosen["Fd_DM"].to_numpy(float) / 100))


def headline(trial: Trial, *, spec: Spec) -> float:
    """Feed money saved for each cow, CNY a day, against the hand ration."""
    return float(trial.scores["saving"])


def sample(seed: int) -> Inputs:
    """The illustrative offer with random prices, for the conformance suite only."""
    rng = np.random.default_rng(seed)
    offer = hand.offer()
    return Inputs({"table": offer.assign(price=offer["price"] * rng.uniform(0.8, 1.2, len(offer)))})


def _ration(chosen: pd.DataFrame, spec: Spec) -> Ration:
    limits = {name: float(spec.params[name]) for name in _LIMITS}
    return Ration(composition(chosen), Cow.of(spec.params), limits)
