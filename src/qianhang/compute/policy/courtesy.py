"""How long a job that has the choice stands back for those that have none."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.option import Option
from qianhang.compute.policy.params import Params

__all__ = ["polite"]

_NEVER = float("inf")
_NOTHING_S = 1.0  # nobody stands back for less


def polite(entry: Entry, ways: Sequence[Option], now: float, params: Params) -> Sequence[Option]:
    """Those ways on which the job has waited as long already as its stay makes others wait.

    To wait for a place that costs the others less, just as long as the dear one would cost them,
    is never worse than twice the best that could be known only afterwards. The entry keeps until
    when it stands back from the next of the others.
    """
    since, kept = entry.job.submitted, entry.kept
    patience, least = max(now - since, _NOTHING_S), _NEVER
    found = []
    for option, delay in zip(ways, _delays(entry, ways, now, params), strict=True):
        if delay <= patience or option.rack is kept:
            found.append(option)
        elif delay < least:
            least = delay
    entry.back = since + least
    return found


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
