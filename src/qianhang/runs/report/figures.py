"""The pack's widgets as figures: each picture laid out twice, for a desk and for a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from qianhang.charts import Chart, Setting, draw, table_html, widget
from qianhang.core import words
from qianhang.core.errors import PackError
from qianhang.core.manifest import Case, Manifest, Words
from qianhang.core.words import LANGUAGES, Lang, say
from qianhang.runs.report.shape import Bar, bars, e, figure, metric_words

__all__ = ["Figures", "kpi", "stamps", "wanted"]

_BROAD = ("fan", "line", "timeline", "network", "heat", "gantt")
_FULL, _HALF, _PHONE = 1000.0, 490.0, 340.0
_ROWS = 200
_LONG = 12
_BRIEF = 16  # longest name of a baseline, in Chinese characters, that a legend takes
_KNOWN_MARKS = ("twin", "sample", "simulator", "own")


def stamps(marks: Sequence[str]) -> tuple[Words, ...]:
    """The marks that every figure has to carry, in both languages."""
    keys = [m for m in marks if m in _KNOWN_MARKS]
    return tuple(
        Words(say(f"report.mark_{k}", lang="zh"), say(f"report.mark_{k}", lang="en")) for k in keys
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """The charts of one run, made once and drawn in each language; why not, where one failed."""

    charts: tuple[tuple[str, Chart | None, str], ...]

    @staticmethod
    def of(
        run: Mapping[str, Any],
        tables: Mapping[str, pd.DataFrame],
        manifest: Manifest | None,
        *,
        only: str = "",
        whole: bool = False,
    ) -> Figures:
        """One chart for each widget of the pack; why not, where one cannot be made.

        only : this widget alone; whole : number tables hold every row of the run's own
        """
        specs = [s for s in wanted(run, tables, manifest) if only in ("", s)]
        made = ((s, *_chart(s, run, tables, manifest, whole=whole)) for s in specs)
        # A table that this case has none of (a map without coordinates) leaves no empty card.
        return Figures(tuple(m for m in made if m[1] is not None or m[2]))

    def html(self, lang: Lang) -> str:
        """Every figure with its table of the same numbers."""
        return "".join(
            _figure(chart, lang, key=f"{lang}-{i}") if chart else _broken(spec, why, lang)
            for i, (spec, chart, why) in enumerate(self.told_in(lang))
        )

    def told_in(self, lang: Lang) -> tuple[tuple[str, Chart | None, str], ...]:
        """Those that a reader of the language needs: of a text in both, `x` and `x_en`, one."""
        specs = {spec for spec, _, _ in self.charts}
        other = {f"{s}_en" for s in specs if f"{s}_en" in specs}
        if lang == "en":
            other = {s.removesuffix("_en") for s in other}
        return tuple(one for one in self.charts if one[0] not in other)


def wanted(
    run: Mapping[str, Any], tables: Iterable[str], manifest: Manifest | None
) -> tuple[str, ...]:
    """The widgets that the pack asks for; where it asks for none, every table."""
    specs = manifest.page.widgets if manifest else ()
    specs = specs or tuple(f"table:{name}" for name in tables)
    held = {b.metric for b in bars(run)} | {"headline"}
    # The page has a section of its own for bars, headline and folds.
    elsewhere = {f"kpi:{name}" for name in held} | {"table:folds", "table:bars"}
    return tuple(s for s in specs if s not in elsewhere)


def _chart(
    spec: str,
    run: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    manifest: Manifest | None,
    *,
    whole: bool = False,
) -> tuple[Chart | None, str]:
    kind, _, name = spec.partition(":")
    name = name if kind == "kpi" else name.partition(".")[0]
    frame = _kpi_frame(name, run) if kind == "kpi" else tables.get(name)
    if frame is None and name in ("folds", "bars"):
        frame = _folds(run) if name == "folds" else _bars(run)
    if kind == "timeline" and name == "alarms" and "events" in tables:
        # Alarms are read against what really happened.
        both = (_in_utc(tables[n]) for n in ("events", "alarms"))
        frame = pd.concat(both, ignore_index=True)
    if frame is None or frame.empty:
        return None, ""
    setting = _setting(kind, name, run, manifest, columns=tuple(map(str, frame.columns)))
    if name == "folds" and name not in tables:
        setting = _of_metric(setting, _fold_metric(run))
    try:
        return widget(spec, frame, replace(setting, whole=whole)), ""
    except (PackError, LookupError, TypeError, ValueError) as cause:
        # One chart that cannot be drawn must not take the whole report with it.
        return None, str(cause) or type(cause).__name__


def _in_utc(frame: pd.DataFrame) -> pd.DataFrame:
    zoned = frame.select_dtypes("datetimetz")
    return frame.assign(**{str(c): zoned[c].dt.tz_convert("UTC") for c in zoned})


def _case(run: Mapping[str, Any], manifest: Manifest) -> Case:
    try:
        return manifest.find_case(str(run.get("case") or ""))
    except PackError:
        return manifest.find_case()


def _setting(
    kind: str,
    name: str,
    run: Mapping[str, Any],
    manifest: Manifest | None,
    *,
    columns: tuple[str, ...],
) -> Setting:
    marks = stamps(run.get("marks") or ())
    title = _kpi_title(name, manifest) if kind == "kpi" else None
    if manifest is None:
        return Setting(name=name, title=title, stamps=marks)
    case = _case(run, manifest)
    baselines = {"trivial": manifest.baseline.trivial, "practice": manifest.baseline.practice}
    titles = {k: w for k, w in baselines.items() if w and max(len(w.zh), len(w.en) / 2) <= _BRIEF}
    group = next((c.title for c in case.columns.values() if c.role == "group" and c.title), None)
    of_group = ("series", "series.series", "forecast.unit")
    titles |= dict.fromkeys(of_group, group) if group else {}
    target = case.columns.get(case.target) if isinstance(case.target, str) else None
    of_target = bool({"p50", "actual", "lead"} & set(columns))
    default = target.unit if target and of_target else ""
    metrics = {b.metric: b.unit for b in bars(run) if b.unit}
    step = next((c.step for c in case.columns.values() if c.role == "time"), "")
    metrics |= {"lead": f"× {step}"} if step else {}
    return Setting(
        name=name,
        title=title,
        unit=manifest.page.units.get(name, default),
        zone=next((c.zone for c in case.columns.values() if c.role == "time"), ""),
        columns=case.columns,
        titles=titles | dict(manifest.page.titles),
        units=metrics | dict(manifest.page.units),
        tables=manifest.page.tables,
        stamps=marks,
    )


def _kpi_title(name: str, manifest: Manifest | None) -> Words:
    titles = manifest.page.titles if manifest else {}
    return Words(metric_words(name, "zh", titles), metric_words(name, "en", titles))


def _kpi_frame(metric: str, run: Mapping[str, Any]) -> pd.DataFrame | None:
    bar = next((b for b in bars(run) if b.metric == metric), None)
    if bar is not None:
        return _frame(bar)
    row = {
        side: figure((run.get(place) or {}).get(metric))
        for side, place in (("value", "scores"), ("trivial", "trivial"), ("practice", "practice"))
    }
    return None if row["value"] is None else pd.DataFrame([row], dtype="float64")


def _frame(bar: Bar) -> pd.DataFrame:
    row: dict[str, Any] = {
        "value": bar.ours,
        "trivial": bar.trivial,
        "practice": bar.practice,
        "published": bar.published.value if bar.published else None,
        "at_least": bar.at_least,
        "at_most": bar.at_most,
    }
    frame = pd.DataFrame([row], dtype="float64")
    frame = frame.assign(unit=bar.unit)
    return frame if bar.met is None else frame.assign(met=bar.met)


def kpi(bar: Bar, run: Mapping[str, Any], manifest: Manifest | None) -> Chart:
    """The tile of one bar: ours, the baselines, the published best, the verdict."""
    setting = _setting("kpi", bar.metric, run, manifest, columns=())
    short = dict.fromkeys(("trivial", "practice"))
    titles = {k: v for k, v in setting.titles.items() if k not in short}
    plain = Setting(setting.name, setting.title, bar.unit, titles=titles, stamps=setting.stamps)
    return widget(f"kpi:{bar.metric}", _frame(bar), plain)


def _fold_metric(run: Mapping[str, Any]) -> str:
    """The first metric with a bar that folds have scores of, else their first."""
    scored = list((run.get("folds") or [{}])[0].get("ours") or ())
    held = [b.metric for b in bars(run) if b.metric in scored]
    return next(iter([*held, *scored]), "")


def _of_metric(setting: Setting, metric: str) -> Setting:
    words_ = Words(*(metric_words(metric, lang, setting.titles) for lang in LANGUAGES))
    unit = setting.unit_of(metric)
    return replace(setting, titles={**setting.titles, "value": words_}, unit=unit)


def _folds(run: Mapping[str, Any]) -> pd.DataFrame | None:
    folds = run.get("folds") or ()
    if not folds:
        return None
    metric = _fold_metric(run)
    if not metric:
        return None
    sides = [s for s in ("ours", "trivial", "practice") if any(f.get(s) for f in folds)]
    rows = [
        {"fold": str(f.get("name", i + 1))} | {s: (f.get(s) or {}).get(metric) for s in sides}
        for i, f in enumerate(folds)
    ]
    return pd.DataFrame(rows)


def _bars(run: Mapping[str, Any]) -> pd.DataFrame | None:
    found = bars(run)
    if not found:
        return None
    return pd.concat(
        [_frame(b).rename(columns={"value": "ours"}).assign(metric=b.metric) for b in found],
        ignore_index=True,
    ).drop(columns="met", errors="ignore")


def _figure(chart: Chart, lang: Lang, *, key: str) -> str:
    title = e(chart.title.zh if lang == "zh" else chart.title.en)
    if chart.kind == "table" and chart.table.total > _LONG:
        return _long(chart, title, lang)
    if chart.kind == "table":
        return (
            f'<figure class="card all"><figcaption>{title}{_stamped(chart, lang)}</figcaption>'
            f"{table_html(chart.table, lang=lang, limit=60)}</figure>"
        )
    broad = chart.kind in _BROAD or len(chart.x.categories) > _LONG
    wide = draw(chart, lang=lang, width=_FULL if broad else _HALF, key=f"w-{key}", style=False)
    slim = draw(chart, lang=lang, width=_PHONE, key=f"n-{key}", style=False)
    numbers = table_html(chart.table, lang=lang, limit=_ROWS)
    return (
        f'<figure class="card{" all" if broad else ""}"><figcaption>{title}</figcaption>'
        f'<div class="wide">{wide}</div><div class="narrow">{slim}</div>'
        f"<details><summary>{say('report.numbers', lang=lang)}</summary>{numbers}</details>"
        "</figure>"
    )


def _long(chart: Chart, title: str, lang: Lang) -> str:
    """The first rows in sight, all of them one click away."""
    first = table_html(replace(chart.table, total=0), lang=lang, limit=_LONG)
    every = table_html(chart.table, lang=lang, limit=_ROWS)
    label = say("report.rows_all", lang=lang, all=f"{chart.table.total:,}")
    return (
        f'<figure class="card all"><figcaption>{title}{_stamped(chart, lang)}</figcaption>{first}'
        f"<details><summary>{e(label)}</summary>{every}</details></figure>"
    )


def _stamped(chart: Chart, lang: Lang) -> str:
    names = [s.zh if lang == "zh" else s.en for s in chart.stamps]
    items = "".join(f'<li class="warn">{e(n)}</li>' for n in names)
    return f'<ul class="chips">{items}</ul>' if items else ""


def _broken(spec: str, why: str, lang: Lang) -> str:
    kind, _, name = spec.partition(":")
    shown = say(f"table.{name}", lang=lang) if words.has(f"table.{name}") else name
    if kind == "kpi":
        shown = metric_words(name, lang)
    text = say("report.broken_widget", lang=lang, name=shown, why=why)
    note = f'<p class="note">{e(text)}</p>'
    return f'<figure class="card all"><figcaption>{e(shown)}</figcaption>{note}</figure>'
