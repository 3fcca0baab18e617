"""A lactating cow: what she can eat, and what keep, growth, calf and milk ask of her ration.

Equations of NASEM (2021), Nutrient Requirements of Dairy Cattle, 8th edition, chapters 2 to 8.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

__all__ = ["Cow"]

_GESTATION = 280
_CALF_KG = 44.1


@dataclass(frozen=True, slots=True)
class Cow:
    """milk kg/d; fat, protein, lactose % of milk; weights kg; gains kg/d; times d."""

    milk: float
    fat: float
    protein: float
    lactose: float
    weight: float
    mature_weight: float
    parity: float
    condition: float
    days_in_milk: int
    days_pregnant: int
    frame_gain: float
    reserve_gain: float

    @classmethod
    def of(cls, params: Mapping[str, int | float | str | bool]) -> Self:
        """The cow that the scenario's parameters describe."""
        whole = ("days_in_milk", "days_pregnant")
        values = {f.name: float(params[f.name]) for f in fields(cls)}
        return cls(**{k: int(v) if k in whole else v for k, v in values.items()})  # type: ignore[arg-type]  # days are whole

    @property
    def milk_energy(self) -> float:
        """Net energy in the milk of a day, Mcal."""
        return self.milk * (0.0929 * self.fat + 0.0585 * self.protein + 0.0395 * self.lactose)

    @property
    def appetite(self) -> float:
        """Dry matter that she can eat, kg/d (equation 2-1)."""
        later = self.parity - 1
        full = 3.7 + 5.7 * later + 0.305 * self.milk_energy + 0.022 * self.weight
        full -= (0.689 + 1.87 * later) * self.condition
        return full * (1 - (0.212 + 0.136 * later) * math.exp(-0.053 * self.days_in_milk))

    @property
    def womb_gain(self) -> float:
        """Growth of the gravid uterus, kg/d; below zero while it shrinks after calving."""
        day, left = self.days_pregnant, _GESTATION - self.days_pregnant
        if 0 < day <= _GESTATION:
            whole_rate, rate = 0.0243 - 2.45e-5 * day, 0.0242 - 3.53e-5 * day
            whole = 1.816 * _CALF_KG * math.exp(-whole_rate * left)
            empty = 0.2311 * _CALF_KG * math.exp(-rate * left)
            return whole_rate * max(whole, empty, 0.204)
        if 0 < self.days_in_milk < 100:
            swollen = 0.2311 * _CALF_KG - 0.204
            return -0.2 * (swollen * math.exp(-0.2 * self.days_in_milk) + 0.204)
        return 0.0

    @property
    def _gain_crude(self) -> float:
        """Crude protein in a kg of frame gain, kg."""
        return 0.201 - 0.081 * self.weight / self.mature_weight

    @property
    def gain_protein(self) -> float:
        """Net protein kept in the body, kg/d."""
        return 0.86 * (self._gain_crude * 0.82 * self.frame_gain + 0.068 * self.reserve_gain)

    @property
    def energy_need(self) -> float:
        """Metabolisable energy, Mcal/d."""
        fat = 0.067 + 0.375 * self.weight / self.mature_weight
        frame = (9.4 * fat + 5.55 * self._gain_crude) * 0.82 * self.frame_gain
        reserve = (9.4 * 0.622 + 5.55 * self._gain_crude) * self.reserve_gain
        womb = 0.95 * self.womb_gain
        return float(
            0.1 * self.weight**0.75 / 0.66
            + frame / 0.4
            + reserve / (0.75 if self.reserve_gain > 0 else 0.89)
            + womb / (0.14 if womb >= 0 else 0.89)
            + self.milk_energy / 0.66
        )

    @property
    def protein_need(self) -> float:
        """Metabolisable protein without what the gut loses, g/d."""
        womb = self.womb_gain * 123 * 0.86
        return float(
            0.2 * self.weight**0.6 * 0.86 / 0.69
            + 0.053 * 6.25 * self.weight
            + self.gain_protein * 1000 / 0.69
            + (womb / 0.33 if womb >= 0 else womb)
            + self.milk * self.protein * 10 / 0.69
        )

    @property
    def kept_protein(self) -> float:
        """Crude protein in hair, milk, gain and calf, which does not leave as urine, g/d."""
        return float(
            0.2 * self.weight**0.6
            + self.milk * self.protein * 10 / 0.95
            + self.gain_protein * 1000 / 0.86
            + self.womb_gain * 123
        )

    @property
    def mineral_need(self) -> dict[str, tuple[float, float]]:
        """Name -> absorbed need a day, and its part for each kg of dry matter; g, mg or IU."""
        w, milk, gain = self.weight, self.milk, self.frame_gain + self.reserve_gain
        day, late = self.days_pregnant, float(self.days_pregnant > 190)
        calf, size = w / 715, (self.mature_weight / w) ** 0.22
        calcium = 9.83 * size * gain + (0.295 + 0.239 * self.protein) * milk
        phosphorus = (1.2 + 4.635 * size) * gain + (0.48 + 0.13 * self.protein) * milk
        copper = 0.0023 if late else 0.0003 if day >= 90 else 0.0
        return {
            "calcium": (calcium + _foetus(0.0245, 0.05581, 7e-5, day) * calf, 0.9),
            "phosphorus": (
                phosphorus + 0.0006 * w + _foetus(0.02743, 0.05527, 7.5e-5, day) * calf,
                1.0,
            ),
            "magnesium": (0.0007 * w + 0.45 * gain + 0.11 * milk + 0.3 * calf * late, 0.3),
            "sodium": (1.4 * gain + 0.4 * milk + 1.4 * calf * late, 1.45),
            "chlorine": (gain + milk + calf * late, 1.11),
            "potassium": (0.2 * w + 2.5 * gain + 1.5 * milk + 1.03 * calf * late, 2.5),
            "sulphur": (0.0, 2.0),
            "cobalt": (0.0, 0.2),
            "copper": ((0.0145 + copper) * w + 2 * gain + 0.04 * milk, 0.0),
            "iron": (34 * gain + milk + 0.025 * w * late, 0.0),
            "iodine": (0.216 * w**0.528 + 0.1 * milk, 0.0),
            "manganese": ((0.0026 + 0.00042 * late) * w + 0.7 * gain + 0.03 * milk, 0.0),
            "selenium": (0.0, 0.3),
            "zinc": (24 * gain + 4 * milk + 0.017 * w * late, 5.0),
            "vitamin_a": (110 * w + 1000 * max(0.0, milk - 35), 0.0),
            "vitamin_d": (40 * w, 0.0),
            "vitamin_e": ((3.0 if day >= 259 else 0.8) * w, 0.0),
        }


def _foetus(size: float, rate: float, slow: float, day: int) -> float:
    """What the foetus lays down on one day: the step of its growth curve, g."""
    return size * (
        math.exp((rate - slow * day) * day) - math.exp((rate - slow * (day - 1)) * (day - 1))
    )
