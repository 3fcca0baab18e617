"""Which class of model a number of events can carry, decided before anything is fitted.

Sources: Peduzzi (1995), J. Clin. Epidemiol. 48:1503, ten events per parameter; van der Ploeg
(2014), BMC Med. Res. Methodol. 14:137, about 200 for trees; van Houwelingen and le Cessie (1990),
Stat. Med. 9:1303, for the expected shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Capacity", "expected_shrinkage", "few_events"]

ModelClass = Literal["penalised", "plain", "trees"]
Carried = Literal["none", "shrinkage", "regression", "any"]
PLAIN = 20.0
TREES = 200.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the events can carry.

    per_parameter : events for each candidate parameter
    allowed : model classes, safest first; empty means that no model may be trained
    carried : the same as one code; reason : why, in English, for an error
    """

    events: int
    parameters: int
    per_parameter: float
    allowed: tuple[ModelClass, ...]
    carried: Carried
    reason: str

    @property
    def enough(self) -> bool:
        """Whether any model may be trained."""
        return bool(self.allowed)


def few_events(events: int, parameters: int, *, least: int = 50) -> Capacity:
    """The model classes that `events` of the rarer outcome can carry over `parameters`.

    least : fewest events before anything may be trained
    Raises ValueError for counts that cannot be.
    """
    if events < 0 or parameters < 1 or least < 1:
        raise ValueError("events >= 0, parameters >= 1 and least >= 1 are expected")
    ratio = events / parameters
    if events < least:
        allowed: tuple[ModelClass, ...] = ()
        carried: Carried = "none"
        reason = f"{events} events are below the least of {least}: collect more, or pool"
    elif ratio < PLAIN:
        allowed, carried = ("penalised",), "shrinkage"
        reason = f"{ratio:.1f} events per parameter, below {PLAIN:.0f}: only with shrinkage"
    elif ratio < TREES:
        allowed, carried = ("penalised", "plain"), "regression"
        reason = f"{ratio:.1f} events per parameter, below {TREES:.0f}: regression, no trees"
    else:
        allowed, carried = ("penalised", "plain", "trees"), "any"
        reason = f"{ratio:.1f} events per parameter: any model class"
    return Capacity(events, parameters, ratio, allowed, carried, reason)


def expected_shrinkage(chi_square: float, parameters: int) -> float:
    """Slope that a plain fit will show on new subjects, from its likelihood ratio statistic.

    chi_square : twice the gain in log likelihood over the empty model
    Returns 0 where the model explains less than chance would.
    """
    if chi_square <= parameters:
        return 0.0
    return (chi_square - parameters) / chi_square
