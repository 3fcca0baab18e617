"""How long a job that has the choice stands back for those that have none."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.option import Option
from qianhang.compute.policy.params import Params

__all__ = ["polite", "stands_back"]

_NOTHING_S = 1.0  # nobody stands back for less


def polite(entry: Entry, ways: Sequence[Option], now: float, params: Params) -> Sequence[Option]:
    """Those ways on which the job has waited as long already as its stay makes others wait.

    To wait for a place that costs the others less, just as long as the dear one would cost them,
    is never worse than twice the best that could be known only afterwards.
    """
    waited, kept = now - entry.job.submitted, entry.kept
    found = []
    for option, delay in zip(ways, _delays(entry, ways, now, params), strict=True):
        if delay <= max(waited, _NOTHING_S) or option.rack is kept:
            found.append(option)
    return found


def stands_back(entry: Entry, now: float, params: Params) -> float:
    """Until when the job stands back from the next place that has chips for it, s; infinite where
    none has.
    """
    total, since = entry.klass.total, entry.job.submitted
    ways = [o for o in entry.klass.options if o.rack.up and o.rack.free >= total]
    times = (since + delay for delay in _delays(entry, ways, now, params))
    return min((at for at in times if at > now), default=float("inf"))


def _delays(entry: Entry, ways: Sequence[Option], now: float, params: Params) -> list[float]:
    """How long others would wait for the job's stay, s, each of them counted, on each way.

    The chip-seconds of the stay, times the jobs a chip that have waited of late for this rack
    alone, less those of the calmest rack, times the share of the chips then in use, squared.
    """
    klass, memory_s = entry.klass, params.courtesy_s
    calm = min([option.rack.crowd(now, memory_s) for option in klass.options])
    found = []
    for option in ways:
        rack = option.rack
        full = 1.0 - (rack.free - klass.total) / rack.chips
        stay = entry.estimate / option.speed * klass.total
        more = rack.crowd(now, memory_s) - calm
        found.append(params.courtesy * stay * more * full * full)
    return found
