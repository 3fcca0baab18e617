"""Rations as people make them without a solver, and the illustrative offer."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["offer", "square"]

Array = NDArray[np.float64]
_PROTEIN = 16.5  # % of dry matter, the usual target for a cow in milk
_DRY_SHARE = 0.97  # of her appetite; the rest is minerals


def offer() -> pd.DataFrame:
    """The offer that comes with the pack: feeds, made-up prices CNY/kg, limits, hand ration kg."""
    place = resources.files("qianhang.packs.agriculture.feed_formulation") / "offer.csv"
    with resources.as_file(place) as path:
        return pd.read_csv(path)


def square(table: pd.DataFrame, chosen: pd.DataFrame, *, appetite: float) -> Array:
    """Dry matter of each feed, (n,) kg/d: half forage, the rest grain and meal for 16.5% protein.

    Forages share by what may be fed of each; salts and vitamins are taken from column hand.
    """
    dm = chosen["Fd_DM"].to_numpy(float) / 100
    room = table["high"].to_numpy(float) * dm
    forage = (chosen["Fd_Type"] == "Forage").to_numpy()
    protein = chosen["Fd_CP"].fillna(0).to_numpy(float)
    feedable = ~forage & ~chosen["Fd_Category"].isin(["Vitamin/Mineral", "Additive"]).to_numpy()
    dry = np.zeros(len(table))
    eaten = appetite * _DRY_SHARE
    if forage.any():
        dry[forage] = eaten / 2 * room[forage] / room[forage].sum()
    if feedable.any():
        grain = int(np.argmax(np.where(feedable, chosen["Fd_St"].fillna(0), -1)))
        meal = int(np.argmax(np.where(feedable, protein, -1)))
        rest = eaten - dry.sum()
        lacking = (_PROTEIN * eaten - dry @ protein) / max(rest, 1e-9)
        span = max(protein[meal] - protein[grain], 1e-9)
        share = float(np.clip((lacking - protein[grain]) / span, 0, 1))
        dry[grain] += rest * (1 - share)
        dry[meal] += rest * share
    if "hand" in table:
        salts = (chosen["Fd_Category"] == "Vitamin/Mineral").to_numpy()
        dry[salts] = (table["hand"].fillna(0).to_numpy(float) * dm)[salts]
    return dry
