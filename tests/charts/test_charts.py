"""Every widget: valid, escaped, legible pictures in both languages, and the numbers beside them."""

import functools
import json
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang import charts
from qianhang.charts import lettering
from qianhang.core.errors import PackError
from qianhang.core.manifest import Column, Words
from qianhang.core.words import LANGUAGES

FRAMES = runpy.run_path(str(Path(__file__).with_name("frames.py")))["FRAMES"]
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('x')</script> & \"quotes\" \x00\x0b"
SETTING = {"unit": "MW", "units": {"lead": "h", "cost": "CNY/d"}}
DRAWN = [s for s in FRAMES if not s.startswith("table")]


def _chart(spec, **changes):
    made = charts.Setting(name=spec.partition(":")[2], **(SETTING | changes))
    return charts.widget(spec, FRAMES[spec](), made)


@functools.cache
def _drawn(spec, lang, width):
    chart = _chart(spec, stamps=(Words("孪生", "twin"),))
    return charts.draw(chart, lang=lang, width=width, key="k")


def _texts(svg):
    """Each text of a picture with its box (left, top, right, bottom), from estimated widths."""
    found = []
    for node in ET.fromstring(svg).iter(f"{SVG}text"):
        css = (node.get("class") or "").split()
        size = 30 if "big" in css else 11 if "sm" in css else 12
        wide = lettering.width(node.text or "", size)
        x, y = float(node.get("x")), float(node.get("y"))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[
            node.get("text-anchor", "start")
        ]
        found.append((node.text, left, y - size * 0.8, left + wide, y + size * 0.1))
    return found


@pytest.mark.parametrize("width", [1000, 490, 340])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("spec", DRAWN)
def test_every_picture_is_valid_xml_named_and_described(spec, lang, width):
    root = ET.fromstring(_drawn(spec, lang, width))
    assert root.get("role") == "img"
    assert root.get("lang") == {"zh": "zh-CN", "en": "en"}[lang]
    ids = {n.get("id"): n.text for n in root if n.get("id")}
    assert [bool(ids[i]) for i in root.get("aria-labelledby").split()] == [True, True]


@pytest.mark.parametrize("width", [1000, 490, 340])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("spec", DRAWN)
def test_no_text_is_cut_by_the_border(spec, lang, width):
    for text, left, _, right, _ in _texts(_drawn(spec, lang, width)):
        assert left >= -1, text
        assert right <= width + 1, text


@pytest.mark.parametrize("width", [1000, 490, 340])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("spec", DRAWN)
def test_no_two_texts_touch(spec, lang, width):
    texts = _texts(_drawn(spec, lang, width))
    for i, (a, left, top, right, bottom) in enumerate(texts):
        for b, left2, top2, right2, bottom2 in texts[i + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, f"{a!r} and {b!r}"


@pytest.mark.parametrize("spec", DRAWN)
def test_marks_on_the_data_stand_on_every_picture(spec):
    chart = _chart(spec, stamps=(Words("合成样本", "synthetic sample"),))
    assert "合成样本" in charts.draw(chart, lang="zh")
    assert "synthetic sample" in charts.draw(chart, lang="en")


@pytest.mark.parametrize("spec", FRAMES)
def test_a_chart_is_plain_data(spec):
    shown = json.dumps(_chart(spec).to_dict(), allow_nan=False)
    assert json.loads(shown)["kind"] == spec.partition(":")[0]


@pytest.mark.parametrize("spec", FRAMES)
def test_a_widget_leaves_its_frame_untouched(spec):
    frame = FRAMES[spec]()
    before = frame.copy(deep=True)
    charts.widget(spec, frame, charts.Setting(name="x"))
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("spec", FRAMES)
def test_a_hostile_title_is_shown_as_text(spec):
    chart = _chart(spec, title=Words(HOSTILE, HOSTILE), titles={"trivial": Words(HOSTILE, HOSTILE)})
    for lang in LANGUAGES:
        shown = charts.draw(chart, lang=lang)
        assert "<script" not in shown
        if chart.kind != "table":
            ET.fromstring(shown)


def test_hostile_names_from_the_data_are_shown_as_text():
    frame = pd.DataFrame({"name": [HOSTILE, "b"], "ours": [1.0, 2.0]})
    shown = charts.draw(charts.widget("bars:x", frame, charts.Setting(name="x")), lang="en")
    assert "<script" not in shown
    ET.fromstring(shown)


def test_the_number_table_holds_the_numbers_of_the_frame():
    frame = FRAMES["skill:leads"]()
    table = _chart("skill:leads").table
    assert table.fields[0].unit == "h"
    assert np.allclose([row[1] for row in table.rows], frame["ours"])
    assert table.total == len(frame)


def test_a_long_frame_is_cut_and_says_how_long_it_was():
    frame = pd.DataFrame({"x": range(5000), "ours": 1.0})
    table = charts.widget("line:x", frame, charts.Setting(name="x")).table
    assert (len(table.rows), table.total) == (2000, 5000)
    assert "60 of 5,000" in charts.table_html(table, lang="en", limit=60)


def test_missing_values_are_gaps_not_zeros():
    frame = pd.DataFrame({"x": [0.0, 1, 2, 3, 4], "ours": [5.0, 6, np.nan, 6, 5]})
    chart = charts.widget("line:x", frame, charts.Setting(name="x"))
    assert chart.series[0].y[2] is None
    root = ET.fromstring(charts.draw(chart, lang="en", style=False))
    lines = [p for p in root.iter(f"{SVG}path") if "l-ours" in p.get("class")]
    assert len(lines) == 2


def test_a_frame_without_a_number_says_so_instead_of_failing():
    frame = pd.DataFrame({"x": [0.0, 1.0], "ours": [np.nan, np.nan]})
    chart = charts.widget("line:x", frame, charts.Setting(name="x"))
    assert "no data to draw" in charts.draw(chart, lang="en")


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(PackError, match=r"QH207.*did you mean bars"):
        charts.widget("bar:x", pd.DataFrame({"a": [1]}), charts.Setting())


def test_a_missing_column_names_table_columns_and_need():
    with pytest.raises(PackError, match=r"QH208 table forecast: found a; a column p50 or"):
        charts.widget("fan:forecast", pd.DataFrame({"a": [1]}), charts.Setting(name="forecast"))


def test_a_curve_stops_where_it_leaves_the_plot():
    """Treat-all falls below the axis: by hand, no point of it may be under the bottom line."""
    root = ET.fromstring(charts.draw(_chart("decision:decision"), lang="en", style=False))
    frame = max(float(n.get("y1")) for n in root.iter(f"{SVG}line") if n.get("class") == "a")
    for path in root.iter(f"{SVG}path"):
        points = [p.split() for p in path.get("d").strip("MZ").split("L")]
        assert max(float(y) for _, y in points) <= frame + 0.1


def test_a_metric_keeps_its_own_scale_and_unit():
    root = ET.fromstring(charts.draw(_chart("bars:bars"), lang="en", width=720, style=False))
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert "mean absolute error (MW)" in texts
    widths = [
        float(r.get("width")) for r in root.iter(f"{SVG}rect") if r.get("class") == "f-trivial"
    ]
    assert widths[-3] == pytest.approx(widths[-2], rel=0.05)


def test_an_alarm_stands_on_the_lane_of_its_event():
    chart = _chart("timeline:alarms")
    lanes = [c.en for c in chart.y.categories]
    hits = [s for s in chart.spans if s.role == "good"]
    assert {lanes[h.lane] for h in hits} == {"p257", "p654"}
    false = next(s for s in chart.spans if s.role == "bad")
    assert lanes[false.lane] == "alarm"


def _episodes():
    rows = []
    for season in ("2011", "2012"):
        for policy, rate in (("trivial", 3.0), ("ours", 1.0)):
            rows += [
                {"day": d, "unit": season, "policy": policy, "water": rate * d} for d in range(4)
            ]
    return pd.DataFrame(rows)


def test_one_column_of_a_long_table_is_spread_over_policies():
    setting = charts.Setting(name="steps", units={"water": "mm"})
    chart = charts.widget("line:steps.water", _episodes(), setting)
    assert [s.role for s in chart.series] == ["ours", "trivial"]
    assert chart.series[1].y == (0.0, 3.0, 6.0, 9.0)
    assert (chart.y.unit, chart.title.en) == ("mm", "water use · 2011")


def test_what_lines_draw_has_the_unit_of_their_axis_in_the_table_too():
    """A column of another unit keeps it; the numbers along which they run have none of it."""
    frame = pd.DataFrame({"year": [2020, 2021], "value": [1.9, 2.0], "share": [0.4, 0.5]})
    setting = charts.Setting(name="years", unit="Mt", units={"year": "a", "share": "1"})
    chart = charts.widget("line:years", frame, setting)
    assert chart.y.unit == "Mt"
    assert [field.unit for field in chart.table.fields] == ["a", "Mt", "1"]


def test_words_and_units_of_a_table_win_over_those_of_a_column():
    titles = {"price": Words("价格", "price"), "prices.price": Words("影子价格", "shadow price")}
    made = charts.Setting(name="prices", titles=titles, units={"price": "CNY", "prices.price": "1"})
    table = charts.widget("table:prices", pd.DataFrame({"price": [1.0]}), made).table
    assert (table.fields[0].name.en, table.fields[0].unit) == ("shadow price", "1")


def test_names_in_the_data_are_shown_in_the_readers_language():
    frame = pd.DataFrame({"metric": ["mape"], "ours": [1.0]})
    table = charts.widget("table:x", frame, charts.Setting(name="x")).table
    assert "平均绝对百分比误差" in charts.table_html(table, lang="zh")
    assert "mean absolute percentage error" in charts.table_html(table, lang="en")


def test_one_column_of_a_short_table_is_a_bar_for_each_method():
    frame = pd.DataFrame({"plan": ["trivial", "ours"], "cost": [59.4, 45.2], "gap": [0.1, 0.0]})
    chart = charts.widget("bars:plans.cost", frame, charts.Setting(name="plans"))
    assert [(s.role, s.y) for s in chart.series] == [("ours", (45.2,)), ("trivial", (59.4,))]
    assert [c.en for c in chart.x.categories] == ["cost"]


def test_hours_are_ticked_at_whole_numbers():
    frame = pd.DataFrame({"hour": range(24), "ours": 1.0})
    chart = charts.widget("line:hours", frame, charts.Setting(name="hours"))
    root = ET.fromstring(charts.draw(chart, lang="en", width=840, style=False))
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert [t for t in ("0", "5", "10", "15", "20") if t not in texts] == []
    assert "2.5" not in texts


def test_of_several_units_the_first_is_drawn_and_named():
    frame = pd.concat([FRAMES["timeline:alarms"]().assign(unit=u) for u in ("seed 1", "seed 2")])
    chart = charts.widget("timeline:alarms", frame, charts.Setting(name="alarms"))
    assert chart.title.en == "alarms · seed 1"
    assert len(chart.spans) == 8


def test_a_gantt_in_hours_shows_every_stretch_to_its_end():
    """Pump B runs from 20 to 24 h: the axis ends at 24, not at the last start."""
    frame = pd.DataFrame({"lane": ["A", "B"], "start": [0.0, 20.0], "end": [6.0, 24.0]})
    chart = charts.widget("gantt:runs", frame, charts.Setting("runs"))
    assert (chart.x.low, chart.x.high) == (0.0, 24.0)


def test_a_title_of_a_table_is_not_given_to_a_column_of_that_name():
    titles = {"skill": Words("误差", "error by lead"), "x.gain": Words("增益", "gained")}
    setting = charts.Setting("x", titles=titles, tables=frozenset({"skill", "x"}))
    frame = pd.DataFrame({"skill": [0.2], "gain": [1.0]})
    table = charts.widget("table:x", frame, setting).table
    assert [f.name.en for f in table.fields] == ["skill score", "gained"]
    assert charts.Setting("skill", titles=titles, tables=setting.tables).heading().zh == "误差"


def test_values_are_told_in_the_words_of_the_pack():
    columns = {
        "ph": Column(title=Words("酸碱度", "acidity")),
        "event": Column(title=Words("标注", "label")),
    }
    setting = charts.Setting("x", columns=columns, titles={"coal": Words("煤电", "coal-fired")})
    frame = pd.DataFrame(
        {
            "fuel": ["coal", "peat"],
            "outcome": ["event", "hit"],
            "sensors": ["ph +0.5 (±0.2)", "phase 1"],
        }
    )
    rows = charts.widget("table:x", frame, setting).table.rows
    assert rows[0][0].zh == "煤电"
    assert rows[1][0] == "peat"
    assert rows[0][1].en == "true event"
    assert rows[0][2] == Words("酸碱度 +0.5 (±0.2)", "acidity +0.5 (±0.2)")
    assert rows[1][2] == Words("phase 1", "phase 1")


def test_a_true_mark_on_a_map_is_the_name_of_its_place():
    frame = pd.DataFrame(
        {"name": ["a", "b"], "x": [0.0, 1.0], "y": [0.0, 1.0], "mark": [False, True]}
    )
    chart = charts.widget("network:x", frame, charts.Setting("x"))
    assert [m.name.en for m in chart.marks] == ["b"]


def test_a_score_beside_methods_is_no_bar():
    frame = pd.DataFrame({"name": ["a"], "ours": [9.0], "trivial": [12.0], "skill": [0.25]})
    chart = charts.widget("bars:x", frame, charts.Setting("x"))
    assert [s.role for s in chart.series] == ["ours", "trivial"]
    assert len(chart.table.fields) == 4


def test_years_are_ticked_without_separators():
    frame = pd.DataFrame({"year": range(1997, 2020), "value": 1.0})
    drawn = charts.draw(charts.widget("line:x", frame, charts.Setting("x")), lang="en")
    assert ">2005<" in drawn or ">2010<" in drawn
    assert "2,0" not in drawn
