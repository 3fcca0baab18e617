"""A ration as tables that a farm reads, and the words for one that cannot be had."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.engines import optimise
from qianhang.packs.agriculture.feed_formulation.nutrition import REQUIREMENTS, Ration

__all__ = ["cost_shares", "impossible", "needs", "recipe"]

Array = NDArray[np.float64]


def recipe(offer: pd.DataFrame, dry: Array, dm: Array) -> pd.DataFrame:
    """One row a feed that is fed: price CNY/kg, kg as fed, dry matter kg, cost CNY/d.

    dry : (n,) kg/d; dm : (n,) share of dry matter
    """
    kg = dry / dm
    table = offer[["feed", "price"]].assign(kg=kg, dry=dry, cost=kg * offer["price"])
    return table[table["kg"] > 1e-7].reset_index(drop=True)


def cost_shares(table: pd.DataFrame) -> pd.DataFrame:
    """What each feed costs, CNY/d, and its share, dearest first."""
    parts = table[["feed", "cost"]].assign(share=table["cost"] / table["cost"].sum())
    return parts.sort_values("cost", ascending=False, ignore_index=True)


def needs(ration: Ration, best: optimise.Solution) -> pd.DataFrame:
    """Each requirement: supply, limit, slack in its unit, and CNY/d for one more unit of it."""
    supply, limit = (part[:, 0] for part in ration.ledger(best.x[:, None]))
    slack = ration.balance(best.x[:, None])[:, 0]
    table = pd.DataFrame({"requirement": list(REQUIREMENTS), "unit": list(REQUIREMENTS.values())})
    return table.assign(supply=supply, limit=limit, slack=slack, price=best.duals)


def impossible(program: optimise.Program, ration: Ration, x: Array) -> ContractError:
    """The error that says which requirements fail in the nearest ration, and which ones clash.

    program : linearised around x, (n,) dry matter of the ration that fails least
    """
    supply, limit = (part[:, 0] for part in ration.ledger(x[:, None]))
    short = ration.balance(x[:, None])[:, 0] < -1e-6 * np.maximum(np.abs(limit), 1e-9)
    texts = [
        f"{name} {supply[i]:.4g} against {limit[i]:.4g} {unit}"
        for i, (name, unit) in enumerate(REQUIREMENTS.items())
        if short[i]
    ]
    clash = ", ".join(optimise.irreducible(program, names=list(REQUIREMENTS)))
    hint = f"these cannot be met together: {clash}; " if clash else ""
    return ContractError(
        "QH141",
        "no ration of these feeds meets every requirement; the nearest has " + ", ".join(texts),
        hint=f"{hint}offer another feed, raise what may be fed, or ask less of the cow",
    )
