"""A field in AquaCrop, stepped day by day; settings are a closed set, unknown names are errors."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from qianhang.core.errors import UsageError
from qianhang.core.schema import nearest
from qianhang.engines.control import Action
from qianhang.packs.agriculture.irrigation import rounding

__all__ = ["Field", "Plot", "closed"]

_WEATHER = {"tmin": "MinTemp", "tmax": "MaxTemp", "rain": "Precipitation", "et0": "ReferenceET"}
_SOILS = (
    "Clay", "ClayLoam", "Loam", "LoamySand", "Sand", "SandyClay", "SandyClayLoam", "SandyLoam",
    "Silt", "SiltClayLoam", "SiltLoam", "SiltClay", "Paddy", "ac_TunisLocal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plot:
    """What is grown where: names as AquaCrop knows them, sowing as MM/DD.

    dose_mm : the most in a day. A season's cap is the controller's to keep and is checked in the
    daily water balance afterwards: a simulator that cuts it off would hide a breach.
    Raises UsageError for a crop or soil that the model does not have.
    """

    crop: str
    soil: str
    sowing: str
    start_water: str
    dose_mm: float

    def __post_init__(self) -> None:
        known = {"crop": crops(), "soil": _SOILS, "start_water": ("FC", "WP", "SAT")}
        for name, values in known.items():
            value = getattr(self, name)
            if value not in values:
                guess = nearest(value, values)
                hint = f"did you mean {guess}?" if guess else f"known: {', '.join(values)}"
                raise UsageError("QH802", f"parameter {name}: {value!r} is not known", hint=hint)


@functools.cache
def crops() -> tuple[str, ...]:
    """Names of the crops that come with AquaCrop."""
    from aquacrop.entities.crops.crop_params import crop_params

    return tuple(sorted(crop_params))


def closed(kind: Any, *args: object, **settings: object) -> Any:
    """An AquaCrop object that really has every setting that it was given.

    AquaCrop itself drops names that it does not know: `max_irr_season` leaves a field without cap.
    Raises ValueError naming the setting and the nearest one that exists.
    """
    made = kind(*args, **settings)
    for name in settings:
        if name not in vars(made):
            guess = nearest(name, vars(made))
            raise ValueError(f"{kind.__name__} has no setting {name!r}, nearest is {guess!r}")
    return made


@dataclass
class Field:
    """One season on one plot; an action is the irrigation of the day, mm.

    weather : daily frame, index day (no zone), columns tmin, tmax degC, rain, et0 mm
    """

    plot: Plot
    weather: pd.DataFrame
    season: int
    days: int
    _model: Any = field(default=None, repr=False)
    _day: int = 0

    def reset(self, seed: int) -> None:  # noqa: ARG002 - AquaCrop has no randomness
        """A new season, soil as at sowing."""
        # Not from the top: aquacrop offers nothing there in a process started with an option -m.
        from aquacrop.core import AquaCropModel
        from aquacrop.entities.crop import Crop
        from aquacrop.entities.inititalWaterContent import InitialWaterContent
        from aquacrop.entities.irrigationManagement import IrrigationManagement
        from aquacrop.entities.soil import Soil

        rounding.install()
        plot = self.plot
        sown = pd.Timestamp(f"{self.season}/{plot.sowing}")
        until = sown + pd.Timedelta(days=self.days - 1)
        daily = self.weather.loc[sown:until].rename(columns=_WEATHER).rename_axis("Date")
        # AquaCrop reads the columns by position: the date must come last
        daily = daily.reset_index()[[*_WEATHER.values(), "Date"]]
        self._model = AquaCropModel(
            sown.strftime("%Y/%m/%d"),
            until.strftime("%Y/%m/%d"),
            daily.assign(ReferenceET=daily["ReferenceET"].clip(lower=0.1)),
            Soil(plot.soil),
            Crop(plot.crop, planting_date=plot.sowing),
            InitialWaterContent(value=[plot.start_water]),
            closed(IrrigationManagement, 5, MaxIrr=float(plot.dose_mm)),
        )
        self._model._initialize()  # stepping by hand has no public way to start
        self._day = 0

    def observe(self) -> Mapping[str, float]:
        """The field this morning: stage 1 to 4, water missing in the root zone, mm and share."""
        now = self._model._init_cond
        whole = max(float(now.taw), 1e-9)
        missing = max(float(now.depletion), 0.0) if now.taw > 0 else 0.0
        return {
            "day": float(self._day),
            "stage": float(now.growth_stage or 1),
            "missing_mm": missing,
            "dryness": missing / whole,
            "spent_mm": float(now.irr_cum),
            "canopy": float(now.canopy_cover),
        }

    def act(self, action: Action) -> None:
        """One day with this irrigation, mm; AquaCrop holds the daily limit too."""
        if isinstance(action, Mapping):
            raise ValueError("the action is one number, mm of irrigation")
        self._model._param_struct.IrrMngt.depth = float(action)
        self._model.run_model(num_steps=1, initialize_model=False)
        self._day += 1

    @property
    def done(self) -> bool:
        """Whether the crop is harvested."""
        return bool(self._model._clock_struct.model_is_finished)

    def score(self) -> Mapping[str, float]:
        """Yield and potential yield t/ha, irrigation mm by AquaCrop's daily water balance."""
        result = self._model.get_simulation_results().iloc[0]
        water = self._model.get_water_flux()
        return {
            "yield": float(result["Dry yield (tonne/ha)"]),
            "potential": float(result["Yield potential (tonne/ha)"]),
            "irrigation": float(water["IrrDay"].sum()),
        }
