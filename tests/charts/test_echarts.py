"""Every kind of chart as an ECharts option: plain finite data, known names, units in sight."""

import json
import math
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qianhang
from qianhang import charts
from qianhang.charts.chart import Axis, Chart, Mark, Series, Table
from qianhang.charts.echarts import option
from qianhang.charts.style import OTHERS, PALETTE, RAMP
from qianhang.core import words
from qianhang.core.manifest import Words
from qianhang.core.words import LANGUAGES

FRAMES = runpy.run_path(str(Path(__file__).with_name("frames.py")))["FRAMES"]
STATIC = Path(qianhang.__file__).parent / "web" / "static"
SCRIPT = (STATIC / "charts.js").read_text(encoding="utf8")
CSS = (STATIC / "console.css").read_text(encoding="utf8")
DRAWN = [s for s in FRAMES if not s.startswith("table")]
NAMES = [*PALETTE, *(f"s{i}" for i in range(len(OTHERS))), *(f"r{i}" for i in range(len(RAMP)))]
COLOURS = {f"${name}" for name in NAMES}
FUNCTIONS = ("formatter", "valueFormatter", "renderItem")


def _chart(spec, **changes):
    told = {"unit": "MW", "units": {"lead": "h", "cost": "CNY/d"}} | changes
    return charts.widget(spec, FRAMES[spec](), charts.Setting(name=spec.partition(":")[2], **told))


def _option(spec, lang="zh", **changes):
    return option(_chart(spec, **changes), lang=lang)


def _leaves(value, key=""):
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, key)
    else:
        yield key, value


def _texts(made):
    axes = [a for name in ("xAxis", "yAxis") for a in np.atleast_1d(made.get(name, [])).tolist()]
    return [a.get("name", "") for a in axes] + [t["text"] for t in made.get("title", [])]


def _course(values, *, zone="Asia/Shanghai", start=1_700_000_000.0):
    x = tuple(start + 3600.0 * i for i in range(len(values)))
    name = Words("负荷", "load")
    return Chart(
        "line", name, x=Axis(Words("时间", "time"), kind="time", zone=zone), y=Axis(name, "MW"),
        table=Table((), ()), series=(Series(name, x, tuple(values), "ours"),),
    )  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("spec", DRAWN)
def test_every_option_is_plain_json_with_finite_numbers(spec, lang):
    made = _option(spec, lang)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert all(
        v is None or isinstance(v, str | bool | int) or math.isfinite(v) for _, v in _leaves(made)
    )


@pytest.mark.parametrize("spec", DRAWN)
def test_every_colour_and_function_is_named_as_the_script_knows_it(spec):
    maker = re.compile(r"^ {4}(\w+): \(", re.MULTILINE)
    known = set(maker.findall(SCRIPT)) | {"width", "roomy"}
    for key, value in _leaves(_option(spec)):
        if not isinstance(value, str):
            continue
        if key.lower().endswith("color"):
            assert value.partition("/")[0] in COLOURS, (key, value)
        if value.startswith("@"):
            assert value[1:].partition(":")[0] in known, (key, value)
        if key in FUNCTIONS:
            assert value.startswith("@") or value == "{b}", (key, value)


@pytest.mark.parametrize("spec", DRAWN)
def test_every_option_describes_itself_and_has_no_html_tooltip(spec):
    made = _option(spec, "en")
    assert made["aria"] == {
        "enabled": True,
        "label": {"description": charts.describe(_chart(spec), "en")},
    }
    assert made["tooltip"]["renderMode"] == "richText"
    assert made["useUTC"] is True
    assert made["qh"]["height"] > 60


@pytest.mark.parametrize(
    "spec", ["fan:forecast", "line:months", "skill:leads", "bars:folds", "heat:hours"]
)
def test_the_unit_stands_beside_the_name_of_its_axis(spec):
    assert any("（MW）" in text for text in _texts(_option(spec)))
    assert any("(MW)" in text for text in _texts(_option(spec, "en")))


def test_a_table_has_no_option_and_nothing_to_draw_says_so():
    assert _option("table:questions") == {}
    made = option(_course([None, None]), lang="en")
    assert [t["text"] for t in made["title"]] == [words.say("chart.empty", lang="en")]
    assert "series" not in made


def test_times_are_milliseconds_of_the_clock_on_the_wall_there():
    """2023-11-14 22:13:20 UTC is 06:13:20 the next day in Shanghai."""
    made = option(_course([1.0, 2.0, 3.0]), lang="zh")
    first = made["series"][0]["data"][0][0]
    assert datetime.fromtimestamp(first / 1000, UTC) == datetime(
        2023, 11, 15, 6, 13, 20, tzinfo=UTC
    )
    assert made["xAxis"]["type"] == "time"
    assert "北京时间" in made["xAxis"]["name"]


def test_gaps_stay_gaps_and_a_lone_point_is_a_dot():
    values = [1.0, None, 2.0, None, *([3.0] * 40)]
    line = option(_course(values), lang="zh")["series"][0]
    assert line["data"][1][1] is None
    assert line["connectNulls"] is False
    assert line["data"][2]["symbol"] == "circle"
    assert line["symbol"] == "none"


def test_a_band_of_a_forecast_is_a_polygon_whose_gaps_are_kept():
    frame = FRAMES["fan:forecast"]()
    frame.iloc[200:210, :2] = np.nan
    made = option(charts.widget("fan:forecast", frame, charts.Setting()), lang="zh")
    band = next(s for s in made["series"] if s["type"] == "custom")
    assert band["renderItem"] == "@band"
    assert sum(low is None for _, low, _ in band["data"]) == 10


@pytest.mark.parametrize(("points", "zoomed", "thinned"), [(300, 0, 0), (301, 1, 0), (5001, 1, 1)])
def test_long_courses_can_be_zoomed_and_longer_ones_are_thinned(points, zoomed, thinned):
    made = option(_course([float(i % 7) for i in range(points)]), lang="zh")
    kinds = [z["type"] for z in made.get("dataZoom", [])]
    assert kinds == ["inside", "slider"] * zoomed
    assert ("sampling" in made["series"][0]) is bool(thinned)
    assert made["tooltip"]["trigger"] == "axis"


def test_metrics_with_units_of_their_own_get_a_plot_each():
    made = _option("bars:bars", "en")
    assert len(made["grid"]) == len(made["xAxis"]) == 3
    assert [
        t["text"].endswith(f"({u})") for t, u in zip(made["title"], ["%", "MW", "%"], strict=True)
    ]
    spans = [axis["max"] for axis in made["xAxis"]]
    assert spans[0] < 10 < 300 < spans[1]


def test_a_bar_that_is_not_known_is_left_out_and_takes_no_room():
    made = _option("bars:bars", "en")
    inside = [s["name"] for s in made["series"] if s["xAxisIndex"] == 1]
    assert inside == ["this scenario", "trivial baseline", "usual practice"]
    assert made["grid"][1]["height"] < made["grid"][0]["height"]


def test_alarms_are_moments_and_events_are_stretches_under_one_name():
    made = _option("timeline:alarms")
    shapes = {(s["name"], s["type"]) for s in made["series"]}
    assert ("命中", "scatter") in shapes
    assert ("真实事件", "custom") in shapes
    assert len({e["name"] for e in made["legend"]["data"]}) == len(made["legend"]["data"])


def test_a_network_keeps_its_shape_and_names_what_colours_it():
    made = _option("network:network")
    assert made["qh"]["square"] is True
    assert made["visualMap"]["inRange"]["color"] == [f"$r{i}" for i in range(9)]
    assert len(made["series"][0]["data"]) == 47


def test_names_from_data_are_never_taken_for_colours_or_functions():
    """The script replaces names only under the keys of colours and functions."""
    name = Words("$ours", "@band")
    chart = Chart(
        "bars", name, x=Axis(name, kind="category", categories=(name,)), y=Axis(name),
        table=Table((), ()), series=(Series(name, (0.0,), (1.0,), "ours", "bar"),),
    )  # fmt: skip
    made = option(chart, lang="en")
    for key, value in _leaves(made):
        if value == "@band":
            assert key in ("data", "name", "text")


def _theme_blocks():
    """Selector -> the variables that console.css gives each of its three themes."""
    names = (":root{", ":root[data-theme=dark]{", ":root[data-theme=auto]{")
    found = {}
    for name in names:
        body = CSS.split(name, 1)[1].split("}", 1)[0]
        found[name] = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", body))
    return found


@pytest.mark.parametrize(
    ("block", "side"),
    [(":root{", 0), (":root[data-theme=dark]{", 1), (":root[data-theme=auto]{", 1)],
)
def test_the_console_shows_charts_in_the_palette_of_the_reports(block, side):
    wanted = {name: pair[side] for name, pair in PALETTE.items()}
    wanted |= {f"s{i}": pair[side] for i, pair in enumerate(OTHERS)}
    wanted |= {f"r{i}": pair[side] for i, pair in enumerate(RAMP)}
    have = _theme_blocks()[block]
    shown = {name: have.get(name, "").replace("#fff", "#ffffff")[:7] for name in wanted}
    assert shown == wanted


def test_random_charts_give_sound_options():
    """Frames of random shape, with gaps, zeros, huge and tiny values, one row or many."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        rows = int(rng.choice([1, 2, 7, 30, 400]))
        scale = 10.0 ** rng.integers(-9, 12)
        frame = pd.DataFrame(rng.normal(0, scale, (rows, 3)), columns=["ours", "trivial", "actual"])
        frame = frame.mask(rng.random((rows, 3)) < 0.2)
        frame.insert(
            0, "time", pd.date_range("2024-03-30", periods=rows, freq="h", tz="Europe/Paris")
        )
        named = frame.drop(columns="time").assign(name=[f"n{i}" for i in range(rows)])
        for spec, given in (
            ("line:x", frame),
            ("bars:x", named),
            ("skill:x", frame),
            ("heat:x", named[["name", "ours"]]),
        ):
            for lang in LANGUAGES:
                made = option(charts.widget(spec, given, charts.Setting(name="x")), lang=lang)
                json.dumps(made, allow_nan=False)


def test_marks_across_the_plot_are_in_the_legend_and_inside_the_axis():
    chart = _course([1.0, 2.0, 3.0])
    mark = Mark("horizontal", Words("上限", "limit"), at=9.0)
    made = option(
        Chart(**{f: getattr(chart, f) for f in chart.__slots__} | {"marks": (mark,)}), lang="en"
    )
    assert "limit" in [e["name"] for e in made["legend"]["data"]]
    assert made["yAxis"]["max"] >= 9.0
