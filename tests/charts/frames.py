"""Frames as trials give them, made up but realistic, one for each widget."""

import numpy as np
import pandas as pd


def _times(start, count, step, zone="Australia/Melbourne"):
    return pd.date_range(start, periods=count, freq=step, tz=zone, name="time")


def fan():
    rng = np.random.default_rng(1)
    index = _times("2014-12-20", 400, "30min")
    hour = index.hour + index.minute / 60
    actual = 5200 + 1100 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.normal(0, 80, 400)
    p50 = actual + rng.normal(0, 120, 400)
    return pd.DataFrame(
        {
            "p10": p50 - 230,
            "p50": p50,
            "p90": p50 + 230,
            "actual": actual,
            "trivial": actual * 1.06,
        },
        index=index,
    )


def line():
    index = _times("2014-01-01", 36, "MS", "Asia/Shanghai")
    wave = np.sin(np.arange(36) / 6)
    return pd.DataFrame({"ours": 3 + wave, "trivial": 5 + wave, "practice": 4 + wave}, index=index)


def bars():
    return pd.DataFrame(
        {
            "metric": ["mape", "mae", "coverage"],
            "unit": ["%", "MW", "%"],
            "ours": [2.2, 118.0, 80.4],
            "trivial": [5.48, 301.0, 79.0],
            "practice": [3.9, 214.5, np.nan],
            "published": [3.1, np.nan, np.nan],
            "at_most": [2.2, np.nan, 82],
        }
    )


def folds():
    rng = np.random.default_rng(2)
    ours = rng.normal(2.3, 0.2, 12)
    names = [f"2014-{m:02d}" for m in range(1, 13)]
    return pd.DataFrame(
        {"fold": names, "ours": ours, "trivial": ours * 2.2, "practice": ours * 1.5}
    )


def skill():
    lead = np.arange(1, 49) / 2
    return pd.DataFrame(
        {
            "lead": lead,
            "ours": 1 + lead**0.5 / 3,
            "trivial": 4.0 + lead * 0,
            "practice": 2.5 + lead / 30,
        }
    )


def timeline():
    start = pd.to_datetime(
        [
            "2019-01-15",
            "2019-01-24",
            "2019-02-10",
            "2019-05-30",
            "2019-06-12",
            "2019-01-17",
            "2019-03-02",
            "2019-06-13",
        ]
    )
    end = pd.to_datetime(
        ["2019-03-01", "2019-12-31", "2019-04-01", "2019-12-31", "2019-08-20", None, None, None]
    )
    return pd.DataFrame(
        {
            "start": start,
            "end": end,
            "outcome": ["event", "event", "miss", "event", "event", "hit", "false_alarm", "hit"],
            "place": ["p257", "p427", "p810", "p654", "p523", "p257", "p31", "p654"],
            "size": [27.4, 8.1, 6.5, 21.0, 18.8, 25.0, 0.0, 19.5],
        }
    )


def statistic():
    index = _times("2019-06-01", 2000, "1h", "Asia/Nicosia")
    value = np.abs(np.random.default_rng(3).normal(1, 0.4, 2000))
    value[900:960] += np.linspace(0, 6, 60)
    return pd.DataFrame(
        {"statistic": value, "threshold": 4.0, "alarm": (value > 4) & (np.arange(2000) == 945)},
        index=index,
    )


def network():
    rng = np.random.default_rng(4)
    rows = []
    for i in range(8):
        for j in range(6):
            x, y = i * 120 + rng.normal(0, 14), j * 100 + rng.normal(0, 14)
            rows.append({"kind": "node", "name": f"n{i}{j}", "x": x, "y": y})
    frame = pd.DataFrame(rows)
    links = []
    for a in range(47):
        b = a + 1 if (a + 1) % 6 else a - 5 + 6 if a + 1 < 48 else a
        links.append(
            {
                "kind": "link",
                "name": f"p{a}",
                "x": frame.x[a],
                "y": frame.y[a],
                "x2": frame.x[b],
                "y2": frame.y[b],
                "value": float(rng.gamma(2, 3)),
                "mark": {9: "hit", 23: "miss", 40: "false_alarm"}.get(a, ""),
            }
        )
    return pd.concat([frame, pd.DataFrame(links)], ignore_index=True)


def calibration():
    p = np.array([0.01, 0.03, 0.06, 0.1, 0.14, 0.19, 0.25, 0.33, 0.45, 0.62])
    o = p * np.array([1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.08, 0.97, 1.02, 0.9])
    return pd.DataFrame({"predicted": p, "observed": o, "low": o * 0.8, "high": o * 1.2, "n": 220})


def decision():
    t = np.linspace(0.01, 0.4, 40)
    return pd.DataFrame(
        {
            "threshold": t,
            "ours": np.maximum(0.1 - t * 0.28, 0.001),
            "practice": np.maximum(0.095 - t * 0.3, -0.004),
            "treat_all": 0.15 - 0.85 * t / (1 - t),
        }
    )


def forest():
    return pd.DataFrame(
        {
            "group": ["sex", "sex", "age", "age", "age", "diabetes"],
            "subgroup": ["women", "men", "30-44", "45-59", "60-74", "yes"],
            "oe": [0.97, 1.04, 0.88, 1.02, 1.06, 1.19],
            "low": [0.86, 0.94, 0.7, 0.92, 0.95, 0.98],
            "high": [1.09, 1.15, 1.1, 1.13, 1.18, 1.44],
            "n": [2490, 1944, 1100, 2100, 1234, 120],
        }
    )


def stack():
    return pd.DataFrame(
        {
            "plan": ["ours"] * 5 + ["trivial"] * 4,
            "item": [
                "玉米青贮",
                "苜蓿干草",
                "豆粕",
                "玉米",
                "石粉",
                "玉米青贮",
                "苜蓿干草",
                "豆粕",
                "玉米",
            ],
            "cost": [12.0, 14.2, 8.1, 10.3, 0.6, 10.0, 22.0, 12.4, 15.0],
        }
    )


def heat():
    rng = np.random.default_rng(5)
    grid = pd.DataFrame(rng.gamma(3, 1, (7, 24)).round(2), columns=[str(h) for h in range(24)])
    grid.insert(0, "day", ["周一", "周二", "周三", "周四", "周五", "周六", "周日"])
    return grid


def gantt():
    start = pd.to_datetime(
        ["2026-03-02 08:00", "2026-03-02 11:30", "2026-03-02 09:00", "2026-03-02 13:00"]
    )
    return pd.DataFrame(
        {
            "machine": ["轧机 1", "轧机 1", "加热炉", "加热炉"],
            "start": start,
            "end": start + pd.to_timedelta([3, 4, 3.5, 2], unit="h"),
            "kind": ["A 级", "B 级", "A 级", "C 级"],
            "task": ["J1", "J2", "J3", "J4"],
        }
    )


def scatter():
    rng = np.random.default_rng(6)
    truth = rng.gamma(4, 2, 300)
    return pd.DataFrame({"predicted": truth + rng.normal(0, 1, 300), "actual": truth})


def table():
    return pd.DataFrame(
        {
            "question": ["试用期最长多久?", "Who pays <script>alert(1)</script> & why?"],
            "rank": [1, 3],
            "score": [12.345678, 0.00001234],
            "answered": [True, False],
        }
    )


def kpi():
    return pd.DataFrame(
        {
            "value": [2.18], "trivial": [5.48], "practice": [3.9], "published": [3.1],
            "at_most": [2.2], "met": [True], "unit": ["%"],
        }
    )  # fmt: skip


FRAMES = {
    "kpi:mape": kpi, "fan:forecast": fan, "line:months": line, "bars:bars": bars,
    "bars:folds": folds, "skill:leads": skill, "timeline:alarms": timeline,
    "timeline:statistic": statistic, "network:network": network,
    "calibration:calibration": calibration, "decision:decision": decision,
    "forest:subgroups": forest, "stack:costs": stack, "heat:hours": heat, "gantt:plan": gantt,
    "scatter:errors": scatter, "table:questions": table,
}  # fmt: skip
