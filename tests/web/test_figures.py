"""A run's figures on a page: sound JSON in the markup, the numbers in full, nothing executable."""

import csv
import io
import json
import re

import openpyxl
import pandas as pd
import pytest

from qianhang.charts import Setting, widget
from qianhang.charts.chart import Field, Table
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words
from qianhang.web import sheets, words
from qianhang.web.figures import figure_of, figures_of, file_of, json_in_page
from qianhang.web.render import edition

HOSTILE = "</script><script>alert(1)</script>&"


def _forecast(rows=2500):
    hours = pd.date_range("2024-01-01", periods=rows, freq="h", tz="Asia/Shanghai", name="time")
    middle = [100.0 + i % 24 for i in range(rows)]
    return pd.DataFrame({"p50": middle, "actual": middle}, index=hours)


TABLES = {
    "forecast": _forecast(),
    "examples": pd.DataFrame({"question": [HOSTILE, "=1+1"], "score": [1.5, 2.0]}),
}
BODY = {
    "marks": ["twin"],
    "data": {"a.csv": {"sha256": "00", "source": "https://example.org/a"}, "b.csv": "11"},
}


def _figures(lang="zh", **body):
    return figures_of(BODY | body, TABLES, None, lang=lang, address="/runs/r1/figures")


def _drawn(figure, lang="zh"):
    return edition(lang).get_template("parts/figure.html").render(f=figure)


def _fan(rows=400):
    return widget("fan:forecast", _forecast(rows), Setting(name="forecast", unit="MW"))


def test_a_run_without_a_pack_shows_every_table_with_its_stamp_and_source():
    found = _figures()
    assert [f.key for f in found] == ["table-forecast", "table-examples"]
    assert all(f.stamps == ("数字孪生",) for f in found)
    assert all(f.source == "https://example.org/a" for f in found)
    assert found[0].csv == "/runs/r1/figures/table-forecast.csv"


def test_a_run_without_files_says_what_its_data_are():
    assert _figures(lang="en", data={})[0].source == words.say("report.note_twin", lang="en")


def test_an_option_in_a_page_ends_no_script_element():
    text = str(json_in_page({"name": HOSTILE, "more": "\u2028"}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": HOSTILE, "more": "\u2028"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_figure_is_drawn_with_its_option_numbers_and_files(lang):
    html = _drawn(figure_of(_fan(), lang, key="fan-forecast", address="/f", source="BOM"), lang)
    held = re.search(
        r'<script type="application/json" id="chart-fan-forecast">(.*?)</script>', html
    )
    assert json.loads(held[1])["yAxis"]["type"] == "value"
    assert 'data-chart="chart-fan-forecast"' in html
    assert "<details><summary>" in html
    assert 'href="/f/fan-forecast.csv"' in html
    assert 'href="/f/fan-forecast.xlsx"' in html
    assert "BOM" in html


def test_a_figure_has_no_inline_style_handler_or_script():
    html = "".join(_drawn(f) for f in (*_figures(), figure_of(_fan(), "zh", key="k")))
    assert not re.search(r"\sstyle=|\son\w+=", html)
    assert set(re.findall(r"<script([^>]*)>", html)) == {' type="application/json" id="chart-k"'}
    assert "alert(1)</script>" not in html


def test_a_long_table_is_cut_on_the_page_with_a_note_and_whole_in_the_file():
    figure = _figures()[0]
    assert str(figure.table).count("<tr>") == 201
    assert "2,500" in str(figure.table)
    content, _ = file_of(BODY, TABLES, None, name="table-forecast.csv", lang="zh")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 2501
    assert rows[1][0] == "2024-01-01T00:00:00+08:00"


def test_a_workbook_holds_numbers_and_times_as_such():
    content, media = file_of(BODY, TABLES, None, name="table-forecast.xlsx", lang="en")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert media.endswith("spreadsheetml.sheet")
    assert sheet.max_row == 2501
    assert sheet["A2"].value.isoformat() == "2024-01-01T00:00:00"
    assert sheet["B2"].value == 100


def test_text_of_a_file_is_never_a_formula():
    content, _ = file_of(BODY, TABLES, None, name="table-examples.csv", lang="zh")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[2][0] == "'=1+1"
    packed, _ = file_of(BODY, TABLES, None, name="table-examples.xlsx", lang="zh")
    cell = openpyxl.load_workbook(io.BytesIO(packed)).worksheets[0]["A3"]
    assert cell.data_type == "s"


def test_missing_values_and_flags_are_written_as_people_read_them():
    fields = (Field(Words("值", "value"), unit="MW"), Field(Words("通过", "passed"), kind="flag"))
    table = Table(fields, ((None, True), (-1.25, False)), 2)
    lines = sheets.csv_of(table, lang="en").decode("utf-8-sig").splitlines()
    assert lines == ["value (MW),passed", ",yes", "-1.25,no"]


@pytest.mark.parametrize(
    "name", ["table-forecast.exe", "table-forecast", "../../etc/passwd.csv", "kpi-none.csv", ""]
)
def test_a_file_that_no_figure_has_is_refused(name):
    with pytest.raises(UsageError, match="QH804"):
        file_of(BODY, TABLES, None, name=name, lang="zh")
