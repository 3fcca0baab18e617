"""A report is one file that asks for nothing, shows everything, and fits a phone."""

import os
import re
import runpy
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from qianhang.core.manifest import Words
from qianhang.core.pack import find
from qianhang.core.words import LANGUAGES
from qianhang.runs import report
from qianhang.runs.report import annex
from qianhang.runs.report.figures import Figures

HERE = Path(__file__).parent
FRAMES = runpy.run_path(str(HERE.parent / "charts" / "frames.py"))["FRAMES"]
VIEWS = runpy.run_path(str(HERE / "report_views.py"))
TABLES = {s.partition(":")[2]: make() for s, make in FRAMES.items() if not s.startswith("kpi")}
TABLES = {k: v for k, v in TABLES.items() if k not in ("folds", "bars")}
VOID = {"meta", "link", "input", "br", "hr", "img"}
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>"'


class _Page(HTMLParser):
    """Tags in balance, ids, and every attribute that could fetch or run something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.ids, self.fetched, self.tags = [], [], [], [], []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "srcset", "data", "action", "xlink:href", "poster"):
                self.fetched.append(value)
            if name.startswith("on") or name == "style":
                self.faults.append(f"{tag} {name}")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data):
        self.text += data + "\n"


def _render(*, lang="both", tables=TABLES, manifest=None, **changes):
    made = VIEWS["manifest"]() if manifest is None else manifest
    return report.render(VIEWS["record"](**changes), tables, made, lang=lang)


@pytest.fixture(scope="module")
def page():
    return _render()


def test_a_report_is_well_formed_with_unique_ids(page):
    parsed = _Page(page)
    assert parsed.faults == []
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_a_report_asks_for_nothing_and_runs_nothing(page):
    parsed = _Page(page)
    assert {a for a in parsed.fetched if not a.startswith("#")} == {"data:,"}
    assert not {"script", "iframe", "object", "embed", "form", "img"} & set(parsed.tags)
    style = "".join(re.findall(r"<style>(.*?)</style>", page, re.S))
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_both_languages_are_there_and_either_can_stand_alone(page):
    assert re.findall(r'<main class="(\w+)"', page) == ["zh", "en"]
    assert page.count('type="radio"') == 2
    for lang in LANGUAGES:
        alone = _render(lang=lang)
        assert re.findall(r'<main class="(\w+)"', alone) == [lang]
    assert not re.search("[\u4e00-\u9fff]", _titles(_render(lang="en")))


def _titles(text):
    return "".join(re.findall(r"<h2>(.*?)</h2>", text))


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="'fr' is none of both, zh, en"):
        _render(lang="fr")


def test_the_headline_comes_before_any_metric():
    """1,234,567 MWh/a, by hand: 123 times ten thousand."""
    text = _Page(_render(lang="zh")).text
    assert text.index("123万 MWh/年") < text.index("平均绝对百分比误差") < text.index("2.31%")


def test_every_bar_stands_beside_baselines_published_and_verdict():
    text = _Page(_render(lang="en")).text
    for shown in ("2.31", "5.48", "4.2", "3.48", "at most 3.3%: met", "79% to 80%: not met"):
        assert shown in text
    assert "Hyndman & Fan 2010 (from memory, source not checked)" in text
    assert "1 of 2 bars met" in text
    assert "Too few holidays to learn from." in text


def test_the_gain_over_a_baseline_is_worked_out_on_the_first_bar():
    """1 - 2.31 / 5.48 = 0.578 and 1 - 2.31 / 4.2 = 0.45, by hand."""
    text = _Page(_render(lang="en")).text
    assert "58% better than trivial baseline (same time last week)" in text
    assert "45% better than usual practice (similar day)" in text


@pytest.mark.parametrize("mark", ["twin", "sample", "simulator", "own"])
def test_marks_on_the_data_stand_at_the_top_and_on_every_picture(mark):
    page = _render(lang="en", marks=[mark])
    words = {
        "twin": "digital twin",
        "sample": "synthetic sample",
        "simulator": "simulator",
        "own": "user's own data",
    }[mark]
    escaped = words.replace("'", "&#x27;")
    assert f'<li class="warn">{escaped}</li>' in page[: page.index("<h2>")]
    pictures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(pictures) > 10
    assert all(words in p for p in pictures)


def test_what_the_run_was_made_of_is_all_there(page):
    record = VIEWS["record"]()
    wanted = [
        record["id"],
        record["pack_hash"],
        record["model"]["manifest"],
        "infra/power_load_vic/vic.parquet",
    ]
    wanted += [
        record["data"]["infra/power_load_vic/vic.parquet"]["sha256"],
        record["evidence"][0]["hash"],
    ]
    wanted += ["numpy", "1.26.4", "电力负荷智能预测", "M540", "GPL-3.0", "43.2 s", "812 MB"]
    text = _Page(page).text.replace("\xa0", " ")
    assert [w for w in wanted if w not in text] == []


def test_each_picture_has_its_numbers_beside_it(page):
    figures = re.findall(r"<figure.*?</figure>", page, re.S)
    drawn = [f for f in figures if "<svg" in f and "kpi" not in f]
    assert drawn
    assert all("<details>" in f and "<table>" in f for f in drawn)


def test_hostile_words_are_shown_as_text():
    page = _render(
        title={"zh": HOSTILE, "en": HOSTILE},
        log=HOSTILE,
        params={HOSTILE: HOSTILE},
        data={HOSTILE: {"sha256": HOSTILE, "source": HOSTILE}},
        error={"message": HOSTILE},
        folds=[{"name": HOSTILE, "ours": {HOSTILE: 1.0}, "trivial": {}, "practice": {}}],
    )
    parsed = _Page(page)
    assert not {"script", "img"} & set(parsed.tags)
    assert parsed.faults == []
    assert parsed.text.count("alert(1)") >= 10


def test_a_table_that_the_run_did_not_make_leaves_no_empty_card():
    text = _Page(_render(lang="en")).text
    assert "absent" not in text
    assert "cannot be drawn" not in text


def test_events_in_one_zone_and_alarms_in_another_share_a_timeline():
    at = pd.Timestamp("2026-03-01 08:00", tz="Asia/Shanghai")
    events = pd.DataFrame({"start": [at.tz_convert("UTC")], "outcome": ["event"]})
    alarms = pd.DataFrame({"start": [at], "outcome": ["hit"]})
    manifest = find("water.quality_event").manifest
    charts = Figures.of({}, {"events": events, "alarms": alarms}, manifest).charts
    shown = next(c for spec, c, _ in charts if spec == "timeline:alarms")
    assert [s.start for s in shown.spans] == [at.timestamp()] * 2


def test_one_broken_chart_leaves_the_rest_of_the_report():
    tables = TABLES | {"forecast": pd.DataFrame({"a": [1]})}
    text = _Page(_render(lang="en", tables=tables)).text
    assert "cannot be drawn: QH208 table forecast: found a; a column p50" in text
    assert "Data provenance" in text


def test_a_failed_run_says_why_first():
    page = report.render(
        {"scenario": "a.b", "state": "failed", "error": {"code": "QH511", "message": "out of memory"}},
        {}, None, lang="en",
    )  # fmt: skip
    assert _Page(page).faults == []
    assert 'role="alert"' in page
    assert "out of memory" in page


def test_a_long_log_is_cut_to_its_end():
    text = _Page(_render(lang="en", log="\n".join(f"line {i};" for i in range(500)))).text
    assert "line 499;" in text
    assert "line 100;" not in text


def test_an_overview_shows_a_card_for_each_run():
    runs = [VIEWS["record"](id=f"r{i}", verdict=v) for i, v in enumerate(["met", "unmet"])]
    titles = {"energy.load_forecast": Words("电力负荷", "Power load")}
    manifests = {"energy.load_forecast": VIEWS["manifest"]()}
    page = report.overview(
        runs, lang="en", links={"r0": "r0.html"}, titles=titles, manifests=manifests
    )
    parsed = _Page(page)
    assert parsed.faults == []
    assert parsed.tags.count("article") == 2
    assert parsed.fetched.count("r0.html") == 1
    assert "1.23\u00a0million MWh/yr" in parsed.text
    assert "2 runs, 1 with every bar met" in parsed.text


def test_an_overview_never_links_to_a_script():
    page = report.overview([VIEWS["record"](id="r")], links={"r": "javascript:alert(1)"})
    assert "javascript" not in page


def _browser(page, ask, tmp_path, *, width=390):
    """What a browser answers to a JavaScript expression about the page (as `d`) in a frame."""
    browser = shutil.which("chromium")
    if browser is None:
        if os.environ.get("QIANHANG_SERVICES") == "required":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    (tmp_path / "page.html").write_text(page, encoding="utf8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        f"<iframe id=f src=page.html width={width} height=800 style='border:0'></iframe><script>"
        f"f.onload=()=>{{const d=f.contentDocument;document.title='='+({ask})}}</script>",
        encoding="utf8",
    )
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1400,900", "--virtual-time-budget=5000", "--dump-dom", frame.as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    return re.search(r"<title>=([^<]*)", shown).group(1)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(page, width, tmp_path):
    wide = _browser(page, "d.documentElement.scrollWidth", tmp_path, width=width)
    assert int(wide) <= width


def test_the_check_for_width_can_fail(page, tmp_path):
    wider = page.replace("</main>", '<div class="top" style="width:900px">x</div></main>')
    assert int(_browser(wider, "d.documentElement.scrollWidth", tmp_path)) > 390


def test_the_language_switch_shows_one_language_at_a_time(page, tmp_path):
    seen = "[...d.querySelectorAll('main')].map(m=>m.offsetHeight>0)"
    ask = f"[{seen},(d.getElementById('lang-en').click(),{seen})].join('|')"
    assert _browser(page, ask, tmp_path) == "true,false|false,true"


def test_a_step_in_the_log_is_told_as_a_person_would():
    step = 'qh {"step": "trial", "state": "progress", "done": 3, "total": 10, "note": "x", "facts": {}}'
    text = _Page(_render(lang="en", log=f"{step}\nqh {{broken\nplain")).text
    assert "trial  3/10  x" in text
    assert "qh {broken" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_grade_of_the_data_stands_below_where_they_come_from(lang):
    """0.9876 of the cells is 98.8 %; a file without a contract is named."""
    shares = {"complete": 0.9876, "valid": 1.0, "unique": 1.0}
    quality = {"grade": "standard", "rows": 1234, **shares, "ungraded": ["station"]}
    text = annex.data({"data": {"a.csv": "0" * 64}, "quality": quality}, None, lang)
    for said in ("98.8 %", "1,234", "station", {"zh": "合格", "en": "standard"}[lang]):
        assert said in text
    assert "%" not in annex.data({"data": {"a.csv": "0" * 64}, "quality": {}}, None, lang)
