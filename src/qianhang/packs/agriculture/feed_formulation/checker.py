"""The full NASEM (2021) model as an independent judge of a ration."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["judge"]

_EQUATIONS = {
    "Use_DNDF_IV": 0, "DMIn_eqn": 0, "mProd_eqn": 0, "MiN_eqn": 1, "NonMilkCP_ClfLiq": 0,
    "Monensin_eqn": 0, "mPrt_eqn": 0, "mFat_eqn": 0, "RumDevDisc_Clf": 0,
}  # fmt: skip
_COW = {
    "parity": "An_Parity_rl", "milk": "Trg_MilkProd", "weight": "An_BW", "condition": "An_BCS",
    "days_in_milk": "An_LactDay", "fat": "Trg_MilkFatp", "protein": "Trg_MilkTPp",
    "lactose": "Trg_MilkLacp", "mature_weight": "An_BW_mature", "frame_gain": "Trg_FrmGain",
    "days_pregnant": "An_GestDay", "reserve_gain": "Trg_RsrvGain",
}  # fmt: skip
_REST = {
    "An_GestLength": 280, "Fet_BWbrth": 44.1, "An_AgeDay": 1100.0, "An_305RHA_MlkTP": 280.0,
    "An_StatePhys": "Lactating Cow", "An_Breed": "Holstein", "An_AgeDryFdStart": 14,
    "Env_TempCurr": 15.0, "Env_DistParlor": 0.0, "Env_TripsParlor": 0, "Env_Topo": 0.0,
}  # fmt: skip
_MINERALS = ("Ca", "P", "Mg", "Na", "Cl", "K", "S", "Co", "Cu", "Fe", "I", "Mn", "Se", "Zn")
_BALANCES = (*_MINERALS, "VitA", "VitD", "VitE")
# limit -> its figure in the model, % of dry matter
_SHARES = {
    "forage_ndf_low": "Dt_ForNDF", "ndf_low": "An_NDF", "starch_high": "Dt_St",
    "fat_high": "Dt_FA", "rdp_low": "An_RDP", "sulphur_high": "Dt_S",
}  # fmt: skip
_SLACK = 1e-4


def judge(
    dry: Mapping[str, float], *, library: pd.DataFrame, params: Mapping[str, Any]
) -> list[str]:
    """Every requirement that the full model finds broken, in words; [] when all are met.

    dry : feed -> dry matter, kg/d
    """
    eaten = sum(dry.values())
    full = _run(dry, library, params, intake=0)
    milk = float(params["milk"])
    broken = []
    for what, key in (("energy", "Mlk_Prod_NEalow"), ("protein", "Mlk_Prod_MPalow")):
        allowed = float(full.get_value(key))
        if not allowed >= milk * (1 - _SLACK):
            broken.append(f"{what} allows {allowed:.2f} kg milk, needed {milk:.2f}")
    appetite = float(_run(dry, library, params, intake=8).get_value("Dt_DMIn"))
    if eaten > appetite * (1 + _SLACK):
        broken.append(f"intake {eaten:.2f} kg dry matter, she can eat {appetite:.2f}")
    for limit, key in _SHARES.items():
        found, allowed = float(full.get_value(key)), float(params[limit])
        excess = found - allowed if limit.endswith("high") else allowed - found
        if not excess <= allowed * _SLACK:
            broken.append(f"{limit}: {found:.2f}% of dry matter, limit {allowed:.2f}%")
    for name in _BALANCES:
        need, left = (float(full.get_value(f"An_{name}_{k}")) for k in ("req", "bal"))
        if not left >= -_SLACK * max(need, 1e-9):
            broken.append(f"{name}: short by {-left:.4g} of {need:.4g}")
    return broken


def _run(
    dry: Mapping[str, float], library: pd.DataFrame, params: Mapping[str, Any], *, intake: int
) -> Any:
    """The model's output; intake 0 takes the dry matter as given, 8 predicts it from the cow."""
    import nasem_dairy

    animal = {there: params[here] for here, there in _COW.items()} | _REST
    animal["Trg_Dt_DMIn"] = float(sum(dry.values()))
    diet = pd.DataFrame({"Feedstuff": list(dry), "kg_user": [float(v) for v in dry.values()]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the model divides by empty columns on its way
        return nasem_dairy.nasem(
            diet, animal, {**_EQUATIONS, "DMIn_eqn": intake}, feed_library=library
        )
