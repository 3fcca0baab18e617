"""Rows of activity turned into terms: which constants each row is multiplied by, and why not.

A fuel's tonnes (or cubic metres) become energy by its calorific value, energy becomes CO2 by the
fuel's factor; emissions that are stated as such are taken as they are, with their error.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.schema import nearest
from qianhang.core.spec import Spec
from qianhang.engines.formula import Book, Constant, Terms

__all__ = ["Item", "Ledger", "book", "items", "ledger", "measures", "province"]

_HERE = Path(__file__).parent
_MOST_T = 2e9  # CO2 of one row: more than any province emits in a year
_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Item:
    """What is burnt, bought or made: its group and scope."""

    name: str
    zh: str
    group: str
    scope: int


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_HERE / name).read_text(encoding="utf8").splitlines()))


@cache
def items() -> Mapping[str, Item]:
    """Every item by its name and by its Chinese name."""
    held = [Item(r["item"], r["zh"], r["group"], int(r["scope"])) for r in _rows("items.csv")]
    return {n: i for i in held for n in (i.name, i.zh)}


@cache
def measures() -> Mapping[str, tuple[str, float]]:
    """Unit as written, in lower case -> its basic unit and the factor to it."""
    return {r["unit"].casefold(): (r["base"], float(r["factor"])) for r in _rows("units.csv")}


def book(spec: Spec, own: pd.DataFrame | None = None) -> Book:
    """The constants of the chosen set, with the user's own in place of those of the same name.

    Raises ContractError where the user's own are not constants.
    """
    texts = ("factors_common.csv", f"factors_{spec.params['factors']}.csv")
    whole = Book(())
    for name in texts:
        place = _HERE / name
        if not place.is_file():
            raise ContractError("QH107", f"factors: found {name}, expected china or ipcc")
        whole = Book.of([*whole, *Book.read(place.read_text(encoding="utf8"))])
    if own is None:
        return whole
    try:
        return whole.replaced(Book.read(own.to_csv(index=False)))
    except ValueError as cause:
        raise ContractError("QH105", f"input factors: {cause}") from cause


@dataclass(frozen=True, slots=True)
class Ledger:
    """Activity with its terms: CO2 in t, energy in GJ, and what each row is.

    rows : the activity (n,), with columns group and scope
    co2, energy : the terms of each row (n,)
    """

    rows: pd.DataFrame
    co2: Terms
    energy: Terms


def ledger(table: pd.DataFrame, *, constants: Book, spec: Spec) -> Ledger:
    """The ledger of activity rows: year, region, sector, item, amount, unit, uncertainty.

    Raises ContractError naming row, item and unit where nothing turns the one into CO2.
    """
    rows = table.reset_index(drop=True)
    chains = _Chains(constants, str(spec.params["grid"]))
    keys = ["year", "region", "item", "unit"]
    codes, distinct = pd.factorize(pd.MultiIndex.from_frame(rows[keys]))
    found = [chains.of(k, int(np.argmax(codes == c))) for c, k in enumerate(distinct)]
    scale = np.array([f.scale for f in found])[codes]
    error = np.full(len(rows), float(spec.params["activity_error"]))
    if "uncertainty" in rows:
        error = rows["uncertainty"].fillna(spec.params["activity_error"]).to_numpy(float)
    amounts = rows["amount"].to_numpy(float)

    def terms(part: str) -> Terms:
        named = [getattr(f, part) for f in found]
        place: dict[Constant, int] = {}
        used = np.full((len(found), _WIDTH), -1, dtype=np.int64)
        for r, chain in enumerate(named):
            for c, constant in enumerate(chain):
                used[r, c] = place.setdefault(constant, len(place))
        own = scale * np.array([getattr(f, f"{part}_factor") for f in found])[codes]
        return Terms(amounts, error / 100.0, tuple(place), used[codes], own)

    kinds = [items()[i] for _, _, i, _ in distinct]
    named_rows = rows.assign(
        item=np.array([k.name for k in kinds], dtype=object)[codes],
        group=np.array([k.group for k in kinds], dtype=object)[codes],
        scope=np.array([k.scope for k in kinds])[codes],
    )
    made = Ledger(named_rows, terms("co2"), terms("energy"))
    _plausible(made)
    return made


def _plausible(made: Ledger) -> None:
    values = made.co2.values()
    if len(values) and values.max() > _MOST_T:
        row = int(np.argmax(values))
        item, unit = made.rows["item"][row], made.rows["unit"][row]
        raise ContractError(
            "QH102",
            f"row {row + 1}, {item}: {values[row]:.3g} t CO2, more than any province emits",
            hint=f"is the amount really in {unit}?",
        )


@dataclass(frozen=True, slots=True)
class _Chain:
    """The constants that turn a basic unit into t CO2 and into GJ."""

    scale: float
    co2: tuple[Constant, ...]
    co2_factor: float
    energy: tuple[Constant, ...]
    energy_factor: float


class _WrongUnit(LookupError):
    """A unit of another kind than the item is measured in."""


@dataclass(frozen=True, slots=True)
class _Chains:
    constants: Book
    grid: str

    def of(self, key: tuple[int, str, str, str], row: int) -> _Chain:
        year, region, name, unit = key
        where = f"row {row + 1}"
        item = items().get(str(name).strip())
        if item is None:
            guess = nearest(str(name), items())
            hint = f"did you mean {guess}?" if guess else f"items: {', '.join(items())}"
            raise ContractError("QH107", f"{where}: item {name!r} is not known", hint=hint)
        measure = measures().get(str(unit).strip().casefold())
        if measure is None:
            hint = f"units: {', '.join(r['unit'] for r in _rows('units.csv'))}"
            raise ContractError("QH102", f"{where}: unit {unit!r} is not known", hint=hint)
        try:
            return self._chain(item, *measure, year=int(year), region=str(region))
        except LookupError as cause:
            code = "QH102" if isinstance(cause, _WrongUnit) else "QH106"
            raise ContractError(
                code,
                f"{where}: {item.name} in {unit}: {cause.args[0]}",
                hint="give another unit, or a file factors.csv with the constant",
            ) from cause

    def _chain(self, item: Item, base: str, scale: float, *, year: int, region: str) -> _Chain:
        def find(name: str) -> Constant:
            return self.constants.find(name, year=year)

        if base == "t CO2":
            stated = find(f"{item.group}.stated")
            energy, factor = self._implied(item, year)
            return _Chain(scale, (stated,), 1.0, energy, factor)
        if item.group == "power":
            if base not in ("MWh", "GJ"):
                raise _WrongUnit(f"found {base}, expected MWh or GJ")
            joule = find("MWh.energy")
            factor = 1.0 if base == "MWh" else 1.0 / joule.value
            return _Chain(scale, (self._grid(year, region),), factor, (joule,), factor)
        if item.group == "heat":
            if base != "GJ":
                raise _WrongUnit(f"found {base}, expected GJ")
            return _Chain(scale, (find("heat.supply"),), 1.0, (), 1.0)
        if item.group == "process":
            if base != "t":
                raise _WrongUnit(f"found {base}, expected t")
            return _Chain(scale, (find(f"{item.name}.process"),), 1.0, (), 0.0)
        energy = self._energy(item, base, year)
        return _Chain(scale, (*energy, *self._factor(item, year)), 1e-3, energy, 1.0)

    def _grid(self, year: int, region: str) -> Constant:
        """The factor of the year and the province; the nearest year's where that was asked for."""
        held = [c for c in self.constants if c.name == "electricity.grid"]
        if self.grid == "nearest" and held:
            year = min((y for c in held for y in (c.first, c.last)), key=lambda y: abs(y - year))
        return self.constants.find("electricity.grid", year=year, place=province(region))

    def _energy(self, item: Item, base: str, year: int) -> tuple[Constant, ...]:
        """GJ for a basic unit of the fuel."""
        if base == "GJ":
            return ()
        if base not in ("t", "m3", "tce"):
            raise _WrongUnit(f"found {base}, expected t, m3, GJ or tce")
        name = "tce.energy" if base == "tce" else f"{item.name}.ncv_{base}"
        return (self.constants.find(name, year=year),)

    def _factor(self, item: Item, year: int) -> tuple[Constant, ...]:
        """t CO2/TJ: one constant, or carbon content, oxidation and CO2 for carbon."""
        try:
            return (self.constants.find(f"{item.name}.co2", year=year),)
        except LookupError:
            names = (f"{item.name}.carbon", f"{item.name}.oxidation", "carbon.co2")
            return tuple(self.constants.find(n, year=year) for n in names)

    def _implied(self, item: Item, year: int) -> tuple[tuple[Constant, ...], float]:
        """Energy behind a t of stated CO2: the reciprocal of the fuel's factor, GJ."""
        if item.group not in ("coal", "oil", "gas"):
            return (), 0.0
        product = float(np.prod([c.value for c in self._factor(item, year)]))
        return (), 1e3 / product


@cache
def _provinces() -> Mapping[str, str]:
    return {n.casefold(): r["zh"] for r in _rows("provinces.csv") for n in (r["en"], r["zh"])}


def province(region: str) -> str:
    """The province that a region is, or whose name it begins with, in either language."""
    said = region.replace(" ", "").casefold()
    known = _provinces()
    return next((zh for name, zh in known.items() if said.startswith(name)), region)
