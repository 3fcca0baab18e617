"""Every check on every pack that is installed, and on a generated pack of every task."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest

from qianhang.charts import Chart
from qianhang.core.manifest import Words
from qianhang.core.pack import load_pack, packs
from qianhang.core.words import LANGUAGES, say
from qianhang.runs.report.figures import Figures
from qianhang.testing import CHECKS, TASKS, Subject, examine, run_check, write_pack

_SUBJECTS: dict[str, Subject] = {}


def subject(pack) -> Subject:
    """One subject a pack, so that its trial is made once for all checks."""
    return _SUBJECTS.setdefault(pack.id, Subject.of(pack))


def installed() -> list[object]:
    """Every pack, those with an environment of their own marked with its name."""
    found = []
    for pack in packs():
        extra = pack.manifest.extra
        marks = [pytest.mark.xdist_group(pack.id)]
        marks += [pytest.mark.feed] if extra == "feed" else []
        found.append(pytest.param(pack, marks=marks, id=pack.id))
    return found


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("pack", installed())
def test_every_pack_keeps_every_promise(pack, check):
    found = run_check(check, subject(pack))
    assert found.state != "failed", found.detail


_CODE = re.compile(r"[a-z]\w*_[a-z]|[a-z]\.[a-z]")  # raw_coal, raw_coal.carbon
_ENGLISH = re.compile(r"[a-z][a-z ,-]{3,}$|.*\b[a-z]+ [a-z]+ [a-z]+\b")  # words, sentences


def told(chart: Chart, lang: str) -> Iterator[str]:
    """Every text of a chart and of its table as a reader of the language sees it."""
    found: list[object] = [chart.title, chart.x.name, chart.y.name]
    found += [*chart.x.categories, *chart.y.categories, *(f.name for f in chart.table.fields)]
    for part in (chart.series, chart.bands, chart.marks, chart.spans, chart.rows):
        found += [each.name for each in part]
    found += [span.label for span in chart.spans]
    found += [cell for row in chart.table.rows for cell in row]
    for each in dict.fromkeys(found):
        if isinstance(each, str | Words):
            yield each if isinstance(each, str) else getattr(each, lang)


def names(one: Subject) -> set[str]:
    """The texts in the sample's own data: proper names of places, machines, things bought."""
    frames = [f for f in one.sample.values() if isinstance(f, pd.DataFrame)]
    return {str(v) for f in frames for c in f.select_dtypes(["object", "string"]) for v in f[c]}


@pytest.mark.parametrize("pack", installed())
def test_the_tables_of_every_pack_are_told_in_words(pack):
    """No code as it stands in a program; on a Chinese page no English words but names."""
    one = subject(pack)
    body = {"case": one.case.name}
    charts = Figures.of(body, one.trial.tables, pack.manifest, whole=True)
    known = names(one)
    for lang in LANGUAGES:
        shown = [(spec, chart) for spec, chart, _ in charts.told_in(lang) if chart is not None]
        assert shown, f"{pack.id} shows nothing"
        raw = {(spec, text) for spec, chart in shown for text in told(chart, lang)
               if _CODE.search(text)
               or (lang == "zh" and text not in known and _ENGLISH.match(text))}  # fmt: skip
        assert not raw, sorted(raw)


@pytest.mark.parametrize("task", TASKS)
def test_a_generated_pack_passes_as_written(task, tmp_path):
    pack = load_pack(write_pack(tmp_path, industry="industry", name="thing", task=task))
    failed = [(f.check, f.detail) for f in examine(pack) if f.state == "failed"]
    assert failed == []


def test_every_task_has_a_template():
    assert set(TASKS) == {
        "forecast", "classify", "survive", "detect", "optimise", "control", "retrieve", "spatial",
        "formula",
    }  # fmt: skip


def test_every_check_says_its_promise_in_one_sentence():
    for check in CHECKS:
        promise = (check.__doc__ or "").strip()
        assert promise.endswith("."), check.__name__
        assert "\n" not in promise, check.__name__


def test_every_check_has_a_name_in_both_languages():
    for check in CHECKS:
        for lang in ("zh", "en"):
            assert say(f"check.{check.__name__}", lang=lang)
