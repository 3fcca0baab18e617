"""The units that contracts may use, each with its dimension and factor to SI.

Source: SI brochure, 9th edition; money and counts are units of their own.
"""

from __future__ import annotations

import difflib

__all__ = ["KNOWN", "alternatives", "convert", "known", "unknown"]

# unit -> (dimension, factor, offset): SI value = value * factor + offset
KNOWN: dict[str, tuple[str, float, float]] = {
    "1": ("ratio", 1, 0), "%": ("ratio", 0.01, 0),
    "s": ("time", 1, 0), "ms": ("time", 1e-3, 0), "min": ("time", 60, 0), "h": ("time", 3600, 0),
    "d": ("time", 86400, 0), "a": ("time", 31557600, 0),
    "m": ("length", 1, 0), "mm": ("length", 1e-3, 0), "cm": ("length", 0.01, 0),
    "km": ("length", 1000, 0), "in": ("length", 0.0254, 0), "ft": ("length", 0.3048, 0),
    "m2": ("area", 1, 0), "ha": ("area", 1e4, 0), "km2": ("area", 1e6, 0),
    "mu": ("area", 1e4 / 15, 0),
    "m3": ("volume", 1, 0), "L": ("volume", 1e-3, 0),
    "m3/h": ("flow", 1 / 3600, 0), "L/s": ("flow", 1e-3, 0), "m3/s": ("flow", 1, 0),
    "kg": ("mass", 1, 0), "g": ("mass", 1e-3, 0), "t": ("mass", 1000, 0), "mg": ("mass", 1e-6, 0),
    "Mt": ("mass", 1e9, 0),
    "kg/d": ("mass flow", 1 / 86400, 0), "g/d": ("mass flow", 1e-3 / 86400, 0),
    "W": ("power", 1, 0), "kW": ("power", 1e3, 0), "MW": ("power", 1e6, 0), "GW": ("power", 1e9, 0),
    "GJ/h": ("power", 1e9 / 3600, 0), "MJ/h": ("power", 1e6 / 3600, 0),
    "J": ("energy", 1, 0), "MJ": ("energy", 1e6, 0), "GJ": ("energy", 1e9, 0),
    "kWh": ("energy", 3.6e6, 0), "MWh": ("energy", 3.6e9, 0), "GWh": ("energy", 3.6e12, 0),
    "Mcal/kg": ("specific energy", 4.184e6, 0), "MJ/kg": ("specific energy", 1e6, 0),
    "Mcal/d": ("power", 4.184e6 / 86400, 0),
    "degC": ("temperature", 1, 273.15), "K": ("temperature", 1, 0),
    "degF": ("temperature", 5 / 9, 459.67 * 5 / 9),
    "Pa": ("pressure", 1, 0), "hPa": ("pressure", 100, 0), "kPa": ("pressure", 1e3, 0),
    "MPa": ("pressure", 1e6, 0),
    "bar": ("pressure", 1e5, 0), "mmHg": ("pressure", 133.322387415, 0),
    "mH2O": ("pressure", 9806.65, 0),
    "m/s": ("speed", 1, 0), "km/h": ("speed", 1 / 3.6, 0), "mph": ("speed", 0.44704, 0),
    "deg": ("angle", 1, 0), "W/m2": ("irradiance", 1, 0), "MJ/m2": ("irradiation", 1e6, 0),
    "mm/h": ("speed", 1e-3 / 3600, 0),
    "mm/d": ("speed", 1e-3 / 86400, 0),
    "mg/L": ("concentration", 1e-3, 0), "kg/m3": ("concentration", 1, 0),
    "ug/m3": ("concentration", 1e-9, 0),
    "mg/dL": ("concentration", 0.01, 0), "mmol/L": ("substance", 1, 0),
    "g/t": ("mass share", 1e-6, 0), "mg/kg": ("mass share", 1e-6, 0),
    "kg/m2": ("surface mass", 1, 0), "t/ha": ("surface mass", 0.1, 0),
    "kg/ha": ("surface mass", 1e-4, 0),
    "m3/ha": ("depth", 1e-4, 0),
    "CNY": ("money", 1, 0), "EUR": ("money EUR", 1, 0), "USD": ("money USD", 1, 0),
    "CNY/d": ("money rate", 1, 0), "CNY/kg": ("price", 1, 0), "CNY/MWh": ("energy price", 1, 0),
    "h/a": ("hours a year", 1, 0), "1/d": ("rate", 1, 0), "1/a": ("rate a", 1, 0),
    "per 1000": ("ratio", 1e-3, 0),
    "MWh/a": ("energy rate", 1, 0), "EUR/a": ("money rate EUR", 1, 0),
    "CNY/a": ("money rate a", 1, 0),
    "USD/d": ("money rate USD", 1, 0), "USD/MWh": ("energy price USD", 1, 0),
    "m3/a": ("flow", 1 / 31557600, 0), "%LEL": ("explosive limit", 1, 0),
    "ppm": ("mole ratio", 1e-6, 0),
    "mV": ("voltage", 1e-3, 0), "uS/cm": ("conductivity", 1e-4, 0), "NTU": ("turbidity", 1, 0),
    "1/m": ("attenuation", 1, 0),
    "cigarettes/d": ("count rate", 1, 0), "bpm": ("heart rate", 1, 0),
}  # fmt: skip


def known(unit: str) -> bool:
    """Whether a contract may use this unit."""
    return unit in KNOWN


def unknown(unit: str) -> str:
    """What to tell somebody who wrote a unit that is not known."""
    folded = {known.casefold(): known for known in KNOWN}
    guess = difflib.get_close_matches(unit.casefold(), folded, n=1, cutoff=0.4)
    tail = f"; did you mean {folded[guess[0]]!r}?" if guess else ""
    return f"unit {unit!r} is not known{tail}"


def convert(value: float, *, from_: str, to: str) -> float:
    """`value` in the unit `to`.

    Raises ValueError where the two units do not measure the same thing.
    """
    (a, fa, oa), (b, fb, ob) = KNOWN[from_], KNOWN[to]
    if a != b:
        raise ValueError(f"{from_} measures {a}, {to} measures {b}")
    return (value * fa + oa - ob) / fb


def alternatives(unit: str) -> tuple[str, ...]:
    """The other units of the same dimension, for "is the meter in ...?" hints."""
    dimension = KNOWN[unit][0]
    return tuple(u for u, (d, _, _) in KNOWN.items() if d == dimension and u != unit)
