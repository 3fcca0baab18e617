"""What a water company does without a model: night flow, and the gauge that fell most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.packs.water.leak_detection.network import Network
from qianhang.packs.water.leak_detection.readings import match_readings
from qianhang.packs.water.leak_detection.watch import alarm_frame

__all__ = ["night_flow_alarms"]


def night_flow_alarms(
    path: Path, table: pd.DataFrame, *, window: int, rise: float, localise: bool
) -> pd.DataFrame:
    """An alarm each time the night's least draw rises by a share above the median of days before.

    window : days before that set the usual ; rise : share ; localise : at the pressure gauge that
    fell most since, else at the first gauge
    """
    with Network(path) as network:
        readings = match_readings(table, network)
        per_day = readings.per_day
        days = len(readings.total) // per_day
        total = readings.total[: days * per_day].reshape(days, per_day)
        total = np.where(readings.steady[: days * per_day].reshape(days, per_day), total, np.nan)
        night = pd.DataFrame(total[:, : per_day // 4]).median(axis=1).to_numpy()
        pressure = readings.pressure[: days * per_day].reshape(days, per_day, -1)
        dark = np.nanmedian(pressure[:, : per_day // 4], axis=1)
        rows, quiet_until = [], window
        for day in range(window, days):
            usual = float(np.nanmedian(night[day - window : day]))
            if day < quiet_until or not night[day] > usual * (1 + rise):
                continue
            fall = np.nanmedian(dark[day - window : day], axis=0) - dark[day]
            gauge = readings.nodes[int(np.nanargmax(fall)) if localise else 0]
            quiet_until = day + window
            rows.append(
                {
                    "start": readings.index[(day + 1) * per_day - 1],
                    "place": network.pipe_at(gauge),
                    "size": float(night[day] - usual),
                    "score": float(night[day] / usual - 1),
                    "node": gauge,
                    "since": readings.index[day * per_day],
                    "sensors": gauge,
                }
            )
    return alarm_frame(rows, table.index)
