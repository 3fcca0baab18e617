"""What a cloudless sky would give: the sun's place, air mass, irradiance, a plant's envelope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClearSky", "Envelope", "Sun", "air_mass", "clear_sky", "locate", "sun_position"]

Floats = NDArray[np.float64]

_HORIZON = 1.0  # degrees: lower, clear-sky formulas say nothing
_LEAST_LIGHT = 0.02  # share of the largest output that counts as light
_HALF_MONTHS = 24
_LEAST_HEIGHTS = (0.0, 2.0, 4.0, 6.0, 9.0)  # degrees at which a plant may begin to work


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands: elevation above the horizon and azimuth from north, (n,), degrees."""

    elevation: Floats
    azimuth: Floats


@dataclass(frozen=True, slots=True)
class ClearSky:
    """Irradiance under a cloudless sky, (n,), W/m2: on the horizontal, straight from the sun."""

    horizontal: Floats
    direct: Floats


def sun_position(times: pd.DatetimeIndex, *, latitude: float, longitude: float) -> Sun:
    """The sun's place without refraction, to 0.01 degrees in 1950-2050.

    times : (n,) aware; latitude, longitude : degrees, north and east positive
    Source: Michalsky (1988), Solar Energy 40:227, after the Astronomical Almanac.
    """
    way = _way_of_the_sun(times)
    up, hour = _up(way, latitude=latitude, longitude=longitude)
    lat = np.radians(latitude)
    east = -way.cos * np.sin(hour)
    north = way.sin * np.cos(lat) - way.cos * np.sin(lat) * np.cos(hour)
    return Sun(np.degrees(np.arcsin(up)), np.degrees(np.arctan2(east, north)) % 360)


@dataclass(frozen=True, slots=True)
class _Way:
    """What the sun's place owes to the time alone, (n,): sine and cosine of its declination, its
    right ascension, radians, and the sidereal time at Greenwich, degrees."""

    sin: Floats
    cos: Floats
    ascension: Floats
    sidereal: Floats


def _way_of_the_sun(times: pd.DatetimeIndex) -> _Way:
    seconds = np.asarray(times.as_unit("s").astype("int64"), dtype=np.float64)
    days = seconds / 86400 - 10957.5  # from noon of 2000-01-01
    mean = np.radians(357.528 + 0.9856003 * days)
    ecliptic = 280.460 + 0.9856474 * days + 1.915 * np.sin(mean) + 0.020 * np.sin(2 * mean)
    ecliptic, tilt = np.radians(ecliptic), np.radians(23.439 - 4e-7 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = 6.697375 + 0.0657098242 * days + (seconds % 86400) / 3600
    return _Way(np.sin(declination), np.cos(declination), ascension, 15 * sidereal)


def _up(way: _Way, *, latitude: float, longitude: float) -> tuple[Floats, Floats]:
    """Sine of the elevation, and hour angle, radians."""
    hour = np.radians(way.sidereal + longitude) - way.ascension
    lat = np.radians(latitude)
    up: Floats = way.sin * np.sin(lat) + way.cos * np.cos(lat) * np.cos(hour)
    return up, hour


def air_mass(elevation: ArrayLike) -> Floats:
    """Relative optical air mass at an elevation in degrees; NaN below the horizon.

    Source: Kasten and Young (1989), Applied Optics 28:4735.
    """
    height = np.where(np.asarray(elevation) >= 0, elevation, np.nan)
    found: Floats = 1 / (np.sin(np.radians(height)) + 0.50572 * (height + 6.07995) ** -1.6364)
    return found


def clear_sky(elevation: ArrayLike) -> ClearSky:
    """Irradiance under a cloudless sky from the sun's elevation alone, degrees.

    Source: horizontal Haurwitz (1945), J. Meteorology 2:154; direct Meinel and Meinel (1976),
    Applied Solar Energy.
    """
    height = np.asarray(elevation, dtype=np.float64)
    day = height > _HORIZON
    rise = np.sin(np.radians(np.where(day, height, 90.0)))
    horizontal = 1098 * rise * np.exp(-0.057 / rise)
    direct = 1353 * 0.7 ** (air_mass(np.where(day, height, 90.0)) ** 0.678)
    return ClearSky(np.where(day, horizontal, 0.0), np.where(day, direct, 0.0))


def locate(times: pd.DatetimeIndex, power: ArrayLike) -> tuple[float, float]:
    """Latitude and longitude, degrees, at which the sun is up when the plant is seen to work.

    A clock that is off shows up as a longitude that is off: what is forecast does not suffer.
    times : (n,) aware; power : (n,) output or irradiance, NaN unknown
    Raises ValueError where there is no light or no night in it.
    """
    marks, light = _light_hours(times, np.asarray(power, dtype=np.float64))
    latitude, longitude = 0.0, 0.0
    reach, steps = (60.0, 180.0), (6, 12)
    for turn in range(4):
        thin = slice(None, None, 3 if turn < 2 else 1)  # a rough look needs no quarter-hours
        norths = np.clip(latitude + np.linspace(-1, 1, 2 * steps[0] + 1) * reach[0], -66, 66)
        easts = longitude + np.linspace(-1, 1, 2 * steps[1] + 1) * reach[1]
        places = [(n, e) for n in norths for e in easts]
        way = _way_of_the_sun(marks[thin])
        misses = [_missed(way, light[thin], north=n, east=e) for n, e in places]
        latitude, longitude = places[int(np.argmin(misses))]
        reach, steps = (10.0 / 3**turn, 15.0 / 3**turn), (3, 3)
    return float(latitude), float((longitude + 180) % 360 - 180)


def _missed(way: _Way, light: NDArray[np.bool_], *, north: float, east: float) -> float:
    """Share of instants that are light where the sun is down, or dark where it is up."""
    height = np.degrees(np.arcsin(_up(way, latitude=north, longitude=east)[0]))
    return min(float(np.mean((height > least) != light)) for least in _LEAST_HEIGHTS)


def _light_hours(
    times: pd.DatetimeIndex, power: Floats
) -> tuple[pd.DatetimeIndex, NDArray[np.bool_]]:
    """Instants of one mean day in each half month, and whether the plant worked then."""
    import pandas as pd

    utc = times.tz_convert("UTC")
    part = np.asarray((utc.dayofyear - 1) * _HALF_MONTHS // 366)
    minute = np.asarray(utc.hour * 60 + utc.minute)
    seen = pd.DataFrame({"part": part, "minute": minute, "power": power}).dropna()
    high = seen.groupby(["part", "minute"])["power"].quantile(0.9).reset_index()
    light = (high["power"] > _LEAST_LIGHT * high["power"].max()).to_numpy()
    if not light.any() or light.all():
        raise ValueError("no light or no night in the readings")
    days = (high["part"] + 0.5) * 366 / _HALF_MONTHS
    start = pd.Timestamp(f"{utc[0].year}-01-01", tz="UTC")
    return pd.DatetimeIndex(
        start
        + pd.to_timedelta(days.astype(int), unit="D")
        + pd.to_timedelta(high["minute"], unit="min")
    ), light


class Envelope:
    """The output of a plant under a cloudless sky, learnt from what it has given at best.

    Output is the light on a plane of unknown lie: linear in the sun's direction times direct
    light, and in diffuse light. The weights are those of a high quantile, found by reweighted
    least squares, so that seasons not yet seen follow from the sun's path.
    latitude, longitude : degrees; capacity : largest output, in the unit of `power`
    """

    def __init__(
        self, latitude: float, longitude: float, *, capacity: float, level: float = 0.93
    ) -> None:
        self.latitude = latitude
        self.longitude = longitude
        self.capacity = capacity
        self.level = level

    def fit(self, times: pd.DatetimeIndex, power: ArrayLike) -> Self:
        """This envelope, fitted to output (n,) at aware times (n,)."""
        terms, y = self._terms(times), np.asarray(power, dtype=np.float64) / self.capacity
        use = np.isfinite(y) & (terms[:, -1] > 0)
        if use.sum() < terms.shape[1]:
            raise ValueError(f"{int(use.sum())} readings by day: too few for an envelope")
        terms, y = terms[use], y[use]
        self.weights_: Floats = np.zeros(terms.shape[1])
        ridge = 1e-4 * len(y) * np.eye(terms.shape[1])
        weight = np.ones(len(y))
        for _ in range(40):
            scaled = terms * weight[:, None]
            found = np.linalg.solve(scaled.T @ terms + ridge, scaled.T @ y)
            self.weights_ = np.asarray(found, dtype=np.float64)
            miss = y - terms @ self.weights_
            weight = np.where(miss > 0, self.level, 1 - self.level) / np.maximum(abs(miss), 0.01)
        return self

    def at(self, times: pd.DatetimeIndex) -> Floats:
        """(n,) output under a cloudless sky at aware times (n,), 0 by night."""
        told = self._terms(times) @ self.weights_
        return np.clip(told, 0.0, 1.0) * self.capacity

    def sun(self, times: pd.DatetimeIndex) -> Sun:
        """The sun's place over the plant."""
        return sun_position(times, latitude=self.latitude, longitude=self.longitude)

    def _terms(self, times: pd.DatetimeIndex) -> Floats:
        """(n, 6) light from south, east, above, its square, diffuse and whole, about 0..1."""
        sun = self.sun(times)
        sky = clear_sky(sun.elevation)
        high, round_ = np.radians(sun.elevation), np.radians(sun.azimuth)
        direct = sky.direct / 1000
        diffuse = np.maximum(sky.horizontal / 1000 - direct * np.sin(high), 0.0)
        flat = direct * np.cos(high)
        columns = [flat * np.cos(round_), flat * np.sin(round_), direct * np.sin(high),
                   flat * np.sin(round_) ** 2, diffuse, sky.horizontal / 1000]  # fmt: skip
        return np.column_stack(columns)

    def to_files(self) -> dict[str, bytes]:
        """Place, capacity and weights as JSON."""
        facts = {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "level": self.level,
            "capacity": self.capacity,
            "weights": self.weights_.tolist(),
        }
        return {"envelope.json": json.dumps(facts).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The envelope that `to_files` wrote."""
        facts = json.loads(files["envelope.json"])
        weights = facts.pop("weights")
        found = cls(facts.pop("latitude"), facts.pop("longitude"), **facts)
        found.weights_ = np.asarray(weights, dtype=np.float64)
        return found
