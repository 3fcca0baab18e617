"""Alarms against events: points become episodes, and episodes are hit, missed or false."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EpisodeScore", "build_episodes", "score_episodes"]

Array = NDArray[np.float64]
FALSE, REPEATED = -1, -2


@dataclass(frozen=True, slots=True)
class EpisodeScore:
    """What became of each alarm and each event.

    event_of : (alarms,) the event that the alarm found, -1 for a false alarm, -2 for a repeated one
    alarm_of : (events,) the alarm that found it first, -1 for a miss
    delay : (events,) from the event's start to its alarm, in the unit of the times, NaN for a miss
    money : (alarms,) worth of each alarm, zero where no worth was given
    """

    event_of: NDArray[np.int64]
    alarm_of: NDArray[np.int64]
    delay: Array
    money: Array
    span: float

    def summary(self, *, week: float) -> Mapping[str, float]:
        """hits, misses, false, repeated, false_per_week, delay (median), recall, money.

        week : length of a week in the unit of the times
        """
        found = self.alarm_of >= 0
        false = float((self.event_of == FALSE).sum())
        return {
            "hits": float(found.sum()),
            "misses": float((~found).sum()),
            "false": false,
            "repeated": float((self.event_of == REPEATED).sum()),
            "false_per_week": false / self.span * week,
            "delay": float(np.median(self.delay[found])) if found.any() else float("nan"),
            "recall": float(found.mean()) if len(found) else float("nan"),
            "money": float(self.money.sum()),
        }


def build_episodes(flags: NDArray[np.bool_], *, gap: int = 1, least: int = 1) -> NDArray[np.int64]:
    """First and last position of each run of flags, (k, 2), runs apart by at most `gap` joined.

    gap : positions without a flag that an episode may hold in a row; least : shortest episode kept
    """
    at = np.flatnonzero(np.asarray(flags, dtype=bool))
    if not len(at):
        return np.empty((0, 2), dtype=np.int64)
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    first = at[np.concatenate(([0], breaks + 1))]
    last = at[np.concatenate((breaks, [len(at) - 1]))]
    pairs = np.column_stack([first, last])
    kept: NDArray[np.int64] = pairs[last - first + 1 >= least].astype(np.int64)
    return kept


def score_episodes(
    alarms: Array,
    events: Array,
    *,
    span: float,
    distance: Array | None = None,
    worth: Array | None = None,
    false_cost: float = 0.0,
) -> EpisodeScore:
    """Each alarm in order of time finds the nearest running event that none has found before.

    alarms : (a,) times ; events : (e, 2) start and end, same unit ; span : length watched
    distance : (a, e), infinite where an alarm is too far to count; zero everywhere if None
    worth : (a, e) money that an alarm is worth to an event; false_cost : money lost by a false one
    An alarm near events that are all found already is repeated: neither right nor wrong.
    """
    alarms, events = np.asarray(alarms, dtype=float), np.reshape(events, (-1, 2)).astype(float)
    shape = (len(alarms), len(events))
    away = np.zeros(shape) if distance is None else np.asarray(distance, dtype=float)
    gain = np.zeros(shape) if worth is None else np.asarray(worth, dtype=float)
    event_of = np.full(len(alarms), FALSE)
    alarm_of = np.full(len(events), FALSE)
    money = np.zeros(len(alarms))
    for alarm in np.argsort(alarms, kind="stable"):
        running = (alarms[alarm] >= events[:, 0]) & (alarms[alarm] <= events[:, 1])
        near = running & np.isfinite(away[alarm])
        fresh = np.flatnonzero(near & (alarm_of < 0))
        if len(fresh):
            event = int(fresh[away[alarm, fresh].argmin()])
            event_of[alarm], alarm_of[event] = event, alarm
            money[alarm] = gain[alarm, event]
        elif near.any():
            event_of[alarm] = REPEATED
        else:
            money[alarm] = -false_cost
    delay = np.full(len(events), np.nan)
    found = alarm_of >= 0
    delay[found] = alarms[alarm_of[found]] - events[found, 0]
    return EpisodeScore(event_of, alarm_of, delay, money, span)
