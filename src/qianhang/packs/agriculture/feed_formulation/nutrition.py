"""What a ration gives and what limits it: one vector function of the dry matter of each feed.

For the solver alone, from the equations of NASEM (2021), chapters 3 to 8; the checker runs the full
published model, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.packs.agriculture.feed_formulation.cow import Cow

__all__ = ["REQUIREMENTS", "Ration", "composition"]

Array = NDArray[np.float64]
_ABSORBED = {"calcium": "Ca", "sodium": "Na", "chlorine": "Cl", "potassium": "K"}
_TRACE = {"copper": "Cu", "iron": "Fe", "manganese": "Mn", "zinc": "Zn"}
_WHOLE = {
    "cobalt": "Co", "iodine": "I", "selenium": "Se",
    "vitamin_a": "VitA", "vitamin_d": "VitD", "vitamin_e": "VitE",
}  # fmt: skip

# requirement -> unit of supply and limit; the first nine, then minerals and vitamins as Cow names
REQUIREMENTS = {
    "energy": "Mcal/d", "protein": "g/d", "intake": "kg/d", "forage_fibre": "kg/d",
    "fibre": "kg/d", "starch": "kg/d", "fat": "kg/d", "degradable_protein": "kg/d",
    "sulphur_high": "g/d", "calcium": "g/d", "phosphorus": "g/d", "magnesium": "g/d",
    "sodium": "g/d", "chlorine": "g/d", "potassium": "g/d", "sulphur": "g/d",
    "cobalt": "mg/d", "copper": "mg/d", "iron": "mg/d", "iodine": "mg/d", "manganese": "mg/d",
    "selenium": "mg/d", "zinc": "mg/d", "vitamin_a": "IU/d", "vitamin_d": "IU/d",
    "vitamin_e": "IU/d",
}  # fmt: skip
HIGH = ("intake", "starch", "fat", "sulphur_high")


@dataclass(frozen=True, slots=True)
class Ration:
    """Feeds, a cow and the rumen's limits (% of dry matter), ready to be balanced.

    held : name -> (n,) content of a kg of dry matter, from `composition`
    """

    held: Mapping[str, Array]
    cow: Cow
    limits: Mapping[str, float]

    def balance(self, x: Array) -> Array:
        """What is left over each requirement, (m, k), never below zero when all are met.

        x : (n, k) dry matter of each feed, kg/d, a column for each ration
        """
        supply, limit = self.ledger(x)
        sign = np.array([-1.0 if name in HIGH else 1.0 for name in REQUIREMENTS])
        balance: Array = sign[:, None] * (supply - limit)
        return balance

    def ledger(self, x: Array) -> tuple[Array, Array]:
        """Supply and limit of each requirement, (m, k) each, in the unit of REQUIREMENTS."""
        with np.errstate(divide="ignore", invalid="ignore"):  # an empty trial ration
            s = {name: content @ x for name, content in self.held.items()}
            eaten = x.sum(axis=0)
            energy, protein, gut = _digested(s, eaten, self.cow)
            magnesium = s["magnesium_in"] * (
                0.441 - 0.0542 * np.log(s["potassium_in"] / eaten)
                - 0.08 * s["magnesium_salt"] / s["magnesium_in"]
            )  # fmt: skip
        need = self.cow.mineral_need
        supplied = {**s, "magnesium": magnesium}
        part = {k: v / 100 * eaten for k, v in self.limits.items()}
        whole = np.ones_like(eaten)
        rows = [
            (energy, self.cow.energy_need * whole),
            (protein, self.cow.protein_need + gut),
            (eaten, self.cow.appetite * whole),
            (s["forage_ndf"], part["forage_ndf_low"]),
            (s["ndf"], part["ndf_low"]),
            (s["starch"], part["starch_high"]),
            (s["fat"], part["fat_high"]),
            (s["cp"] - s["rup"], part["rdp_low"]),
            (s["sulphur"], 1000 * part["sulphur_high"]),
            *((supplied[n], fixed + each * eaten) for n, (fixed, each) in need.items()),
        ]
        return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


def composition(library: pd.DataFrame) -> dict[str, Array]:
    """Content of a kg of dry matter of each feed, name -> (n,): kg, g, mg or IU.

    library : (n, columns) rows of the NASEM feed library. A cell that is missing there gives
    nothing, as in the published model.
    """
    numbers = library.select_dtypes("number")
    columns = numbers.to_numpy(float).T / 100
    part = {c.removeprefix("Fd_"): v for c, v in zip(numbers.columns, columns, strict=True)}
    held = {**_proximate(part, library["Fd_Category"]), **_minerals(part, library["Fd_Category"])}
    return {name: np.nan_to_num(values) for name, values in held.items()}


def _proximate(part: Mapping[str, Array], kind: pd.Series) -> dict[str, Array]:
    """Protein, fibre, starch and fat; source: NASEM chapters 3, 5 and 6."""
    cp, ndf, forage = part["CP"], part["NDF"], 1 - part["Conc"]
    npn, decay = cp * part["NPN_CP"], 100 * part["KdRUP"]
    escape = forage * 4.87 / (decay + 4.87) + part["Conc"] * 5.28 / (decay + 5.28)
    rup = (cp * part["CPARU"] - npn) * 0.064 + cp * (
        part["CPBRU"] * escape + part["CPCRU"] - 0.086 / 3.39
    )
    pure = (kind == "Fatty Acid Supplement").to_numpy()
    glycerides = part["FA"] * np.where(pure, 1.0, 1 / 1.06)
    fat_digested = np.where(np.isnan(part["dcFA"]), np.where(pure, 0.73, 0.68), part["dcFA"])
    lignified = part["Lg"] / np.where(ndf == 0, 1e-8, ndf)
    rest = 1 - part["Ash"] - ndf - part["St"] - glycerides - (cp - npn) - npn / 2.81
    return {
        "cp": cp,
        "npn": npn,
        "rup": rup,
        "rup_digested": rup * part["dcRUP"],
        "ndf": ndf,
        "adf": part["ADF"],
        "ndf_digested": 0.75 * (ndf - part["Lg"]) * (1 - lignified**0.667),
        "forage_ndf": forage * ndf,
        "forage_wet": np.where((forage > 0.5) & (part["DM"] < 0.71), forage, 0.0),
        "starch": part["St"],
        "starch_digested": part["St"] * part["dcSt"],
        "fat": part["FA"],
        "fat_digested": part["FA"] * fat_digested,
        "rest_digested": 0.96 * rest,
    }


def _minerals(part: Mapping[str, Array], kind: pd.Series) -> dict[str, Array]:
    """Minerals as absorbed, S, Co, I, Se and vitamins as eaten; source: NASEM chapters 7 and 8."""
    salt = (kind == "Vitamin/Mineral").to_numpy()
    organic = 0.84 * part["Pinorg_P"] + 0.68 * part["Porg_P"]
    held = {
        "phosphorus": 1000 * part["P"] * np.where(salt, 100 * part["acPtot_input"], organic),
        "sulphur": 1000 * part["S"],
        "potassium_in": 1000 * part["K"],
        "magnesium_in": 1000 * part["Mg"],
        "magnesium_salt": np.where(salt, 1000 * part["Mg"], 0.0),
    }
    held |= {n: 1e5 * part[c] * part[f"ac{c}_input"] for n, c in _ABSORBED.items()}
    held |= {n: 1e4 * part[c] * part[f"ac{c}_input"] for n, c in _TRACE.items()}
    return held | {n: 100 * part[c] for n, c in _WHOLE.items()}


def _digested(s: Mapping[str, Array], eaten: Array, cow: Cow) -> tuple[Array, Array, Array]:
    """Metabolisable energy Mcal/d, metabolisable protein g/d, and the protein the gut takes g/d."""
    rdp, level = s["cp"] - s["rup"], eaten / cow.weight - 0.035
    starch, ndf = s["starch"] / eaten, s["ndf"] / eaten
    microbes = _microbes(s, eaten, rdp)
    lost = (12 + 12 * ndf) * eaten
    fibre = s["ndf_digested"] - s["ndf"] * (0.59 * (starch - 0.26) + 1.1 * level)
    faeces = s["rup"] - s["rup_digested"] + (0.2 * microbes + lost) / 1000
    digested = (
        4.2 * fibre
        + 4.23 * (s["starch_digested"] - level * s["starch"])
        + 4.0 * (s["rest_digested"] - 0.0343 * eaten)
        + 5.65 * (s["cp"] - faeces - s["npn"])
        + 0.89 * s["npn"]
        + 9.4 * s["fat_digested"]
    )
    gas = 0.294 * eaten - 34.7 * s["fat"] / eaten + 4.09 * fibre / eaten
    urine = 0.0143 / 6.25 * (1000 * (s["cp"] - faeces) - lost - cow.kept_protein)
    protein = 1000 * s["rup_digested"] + 0.8 * 0.824 * microbes
    return digested - gas - urine, protein, lost * 0.73 / 0.69


def _microbes(s: Mapping[str, Array], eaten: Array, rdp: Array) -> Array:
    """Microbial crude protein that leaves the rumen, g/d (equations 6-5 to 6-9)."""
    starch, ndf, cp = (100 * s[k] / eaten for k in ("starch", "ndf", "cp"))
    wet = 100 * s["forage_wet"] / eaten
    fibre = (
        -31.9 + 0.721 * ndf - 0.247 * starch + 6.63 * cp - 0.211 * cp**2
        - 38.7 * s["adf"] / s["ndf"] - 0.121 * wet + 1.51 * eaten
    )  # fmt: skip
    grain = (
        70.6 - 1.45 * eaten + 42.4 * s["forage_ndf"] / eaten + 1.39 * starch
        - 0.0219 * starch**2 - 0.154 * wet
    )  # fmt: skip
    fibre, grain = np.maximum(fibre, 0.1), np.clip(grain, 0.1, 100)
    most = 100.8 + 81.56 * np.minimum(rdp, 0.12 * eaten)
    nitrogen = most / (1 + 9.39 / (fibre * s["ndf"]) + 2.74 / (grain * s["starch"]))
    return 6.25 * np.minimum(nitrogen, 160 * rdp)
