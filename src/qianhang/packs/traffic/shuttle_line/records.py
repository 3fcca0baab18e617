"""Vehicle-location records (AVL): what a day was like, and a made-up week for the conformance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.packs.traffic.shuttle_line.line import Day, Line

__all__ = ["day_of", "days", "made_up", "safety"]

_ZONE = "Asia/Shanghai"
_LEAST = 3  # records of a stop without which nothing can be said of it


def days(table: pd.DataFrame) -> tuple[str, ...]:
    """The local days with records, as 2026-01-05, sorted."""
    return tuple(sorted({t.strftime("%Y-%m-%d") for t in _local(table["arrival"])}))


def _local(values: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values).tz_convert(_ZONE)


def day_of(table: pd.DataFrame, day: str, *, seats: int, controls: int) -> Day:
    """The loop on one day, by its records.

    controls : number of control stops, spread evenly over the loop
    Raises ContractError for a day on which a stop has too few records.
    """
    rows = _day(table, day)
    stops = sorted(set(rows["stop"]))
    count = rows["stop"].value_counts()
    if len(stops) < 2 or count.min() < _LEAST:
        raise ContractError(
            "QH126", f"{day}: found {len(stops)} stops, the rarest with {count.min()} records, "
            f"expected at least 2 with {_LEAST} each",
        )  # fmt: skip
    place = {stop: i for i, stop in enumerate(stops)}
    rows = rows.assign(at=rows["stop"].map(place))
    hours = max((rows["out"].max() - rows["in"].min()) / 3600, 1e-9)
    runs = _runs(rows, len(stops))
    by_stop = rows.groupby("at")
    door, each = _dwell(rows)
    off = by_stop["off"].sum() / by_stop["before"].sum().clip(lower=1)
    first = rows.sort_values("in").groupby("vehicle").first()
    step = max(len(stops) // max(controls, 1), 1)
    return Day(
        run_s=runs["mean"].to_numpy(),
        spread_s=runs["std"].to_numpy(),
        riders_h=(by_stop["boarded"].sum() / hours).to_numpy(),
        leave=off.clip(0, 1).to_numpy(),
        starts=first[["at", "in"]].to_numpy(dtype=float),
        end_s=float(rows["out"].max()),
        door_s=door,
        each_s=each,
        seats=seats,
        control=tuple(range(0, len(stops), step))[:controls],
    )


def _day(table: pd.DataFrame, day: str) -> pd.DataFrame:
    """Records of a day by vehicle and time: in, out (s of the day), before (load), off."""
    arrival, departure = _local(table["arrival"]), _local(table["departure"])
    midnight = pd.Timestamp(day, tz=_ZONE)
    rows = table.assign(
        **{
            "in": (arrival - midnight).total_seconds(),
            "out": (departure - midnight).total_seconds(),
        }
    )
    rows = rows[arrival.strftime("%Y-%m-%d") == day]
    rows = rows.sort_values(["vehicle", "in"], ignore_index=True)
    before = rows.groupby("vehicle")["load"].shift().fillna(0.0)
    off = (before + rows["boarded"] - rows["load"]).clip(lower=0)
    return rows.assign(before=before, off=off)


def _runs(rows: pd.DataFrame, stops: int) -> pd.DataFrame:
    """Mean and standard deviation of the running time from each stop to the next, s."""
    onward = rows.groupby("vehicle")[["in", "at"]].shift(-1)
    follows = onward["at"] == (rows["at"] + 1) % stops
    run = (onward["in"] - rows["out"])[follows & (onward["in"] > rows["out"])]
    found = run.groupby(rows["at"]).agg(["mean", "std"]).reindex(range(stops))
    return found.fillna(found.mean()).fillna({"mean": 60.0, "std": 10.0})


def _dwell(rows: pd.DataFrame) -> tuple[float, float]:
    """Dwell, s, without anybody and for each passenger, by least squares within sense."""
    moved = (rows["boarded"] + rows["off"]).to_numpy()
    stay = (rows["out"] - rows["in"]).to_numpy()
    short = stay <= np.quantile(stay, 0.9)  # longer ones were held
    slope, door = np.polyfit(moved[short], stay[short], 1) if np.ptp(moved[short]) else (3.0, 10.0)
    return float(np.clip(door, 0, 120)), float(np.clip(slope, 0, 20))


def safety(table: pd.DataFrame) -> pd.DataFrame:
    """Disengagements in 100 runs and mean speed, km/h, of the section behind each stop."""
    by_stop = table.groupby("stop")
    return pd.DataFrame({
        "disengagements": 100 * by_stop["disengagement"].mean(),
        "speed": by_stop["speed"].mean(),
    }).reset_index()  # fmt: skip


def made_up(seed: int, *, count: int = 6) -> pd.DataFrame:
    """Records of some days on a made-up loop without holding, synthetic, for conformance only."""
    rng = np.random.default_rng(seed)
    length = rng.uniform(250, 600, 8)
    frames = []
    for number in range(count):
        day = _made_day(rng, length)
        line = Line(day, number)
        line.reset(seed)
        while not line.done:
            line.act(0.0)
        frames.append(_table(line.log, length, pd.Timestamp("2026-03-02"), number, rng))
    return pd.concat(frames, ignore_index=True)


def _made_day(rng: np.random.Generator, length: np.ndarray) -> Day:
    stops, vehicles = len(length), 4
    run = length / 4.2 + 8
    starts = [(i * stops // vehicles, 7 * 3600.0 + 5 * i) for i in range(vehicles)]
    return Day(
        run_s=run,
        spread_s=0.25 * run,
        riders_h=rng.uniform(4, 16, stops),
        leave=rng.uniform(0.15, 0.35, stops),
        starts=np.array(starts),
        end_s=17 * 3600.0,
        door_s=12.0,
        each_s=4.0,
        seats=14,
        control=(0,),
    )


def _table(
    log: Sequence[tuple[float, ...]],
    length: np.ndarray,
    monday: pd.Timestamp,
    number: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    rows = pd.DataFrame(log, columns=["vehicle", "stop", "in", "out", "load", "boarded", "run"])
    midnight = (monday + pd.Timedelta(days=number)).tz_localize(_ZONE)
    at = rows["stop"].astype(int).to_numpy()
    behind = length[at - 1]
    speed = np.where(rows["run"].isna(), 15.0, 3.6 * behind / rows["run"].fillna(60.0))
    return pd.DataFrame({
        "vehicle": "S" + (rows["vehicle"].astype(int) + 1).astype(str),
        "stop": at + 1,
        "arrival": midnight + pd.to_timedelta(rows["in"].round(), unit="s"),
        "departure": midnight + pd.to_timedelta(rows["out"].round(), unit="s"),
        "load": rows["load"].astype(int),
        "boarded": rows["boarded"].astype(int),
        "speed": np.clip(speed, 1.0, 40.0),
        "disengagement": rng.random(len(rows)) < 0.01,
    })  # fmt: skip
