"""Estimating what lies between samples: kriging with a calibrated band, blocks, baselines."""

from __future__ import annotations

from qianhang.engines.spatial import metrics
from qianhang.engines.spatial.blocks import Blocks, cut_off, inside, lay
from qianhang.engines.spatial.field import Estimate, Field
from qianhang.engines.spatial.fitting import LEAST
from qianhang.engines.spatial.structure import KINDS, Structure
from qianhang.engines.spatial.variogram import empirical
from qianhang.engines.spatial.weighting import inverse_distance, nearest, power_left_out

__all__ = [
    "KINDS",
    "LEAST",
    "Blocks",
    "Estimate",
    "Field",
    "Structure",
    "cut_off",
    "empirical",
    "inside",
    "inverse_distance",
    "lay",
    "metrics",
    "nearest",
    "power_left_out",
]
