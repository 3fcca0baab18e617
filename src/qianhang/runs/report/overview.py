"""One page of many runs: a card each, the benefit first, then how it compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qianhang.charts import draw, number
from qianhang.core.manifest import Manifest, Words
from qianhang.core.words import Lang, say
from qianhang.runs.report import opening
from qianhang.runs.report.figures import kpi, stamps
from qianhang.runs.report.page import chosen, frame
from qianhang.runs.report.shape import bars, e, metric_words, one

__all__ = ["overview"]

_SHOWN = 2  # bars a card has room for


def overview(
    records: Sequence[Mapping[str, Any]],
    *,
    lang: str = "both",
    links: Mapping[str, str] | None = None,
    titles: Mapping[str, Words] | None = None,
    manifests: Mapping[str, Manifest] | None = None,
) -> str:
    """A self-contained HTML page with a card for each run.

    records : runs as `render` takes them; links : run id -> address of its report
    titles, manifests : scenario id -> its words, its manifest (headline unit, metric names)
    Raises ValueError for a language that does not exist.
    """
    more = _More(links or {}, titles or {}, manifests or {})
    languages = chosen(lang)
    heads = {k: say("report.overview", lang=k) for k in languages}
    return frame(heads, {k: _body(records, more, k) for k in languages})


class _More:
    def __init__(
        self,
        links: Mapping[str, str],
        titles: Mapping[str, Words],
        manifests: Mapping[str, Manifest],
    ) -> None:
        self.links, self.titles, self.manifests = links, titles, manifests


def _body(records: Sequence[Mapping[str, Any]], more: _More, lang: Lang) -> str:
    met = sum(r.get("verdict") == "met" for r in records)
    count = say("report.overview_count", lang=lang, runs=len(records), met=met)
    cards = "".join(_card(r, i, more, lang) for i, r in enumerate(records))
    return (
        f"<h1>{say('report.overview', lang=lang)}</h1>"
        f'<p class="lead">{say("report.overview_lead", lang=lang)}</p>'
        f'<p class="muted">{e(count)}</p><div class="runs">{cards}</div>'
    )


def _card(run: Mapping[str, Any], index: int, more: _More, lang: Lang) -> str:
    scenario = str(run.get("scenario", ""))
    manifest = more.manifests.get(scenario)
    name = one(more.titles.get(scenario), lang) or opening.title(run, manifest, lang)
    shown, what = opening.headline(run, manifest, lang)
    figure = f'<p class="figure">{e(shown)}</p><p class="muted">{e(what)}</p>' if shown else ""
    chips = "".join(
        f'<li class="warn">{e(one(s, lang))}</li>' for s in stamps(run.get("marks") or ())
    )
    chips = f'<ul class="chips">{chips}</ul>' if chips else ""
    tiles = "".join(
        _tile(run, index, i, manifest, lang) for i in range(min(_SHOWN, len(bars(run))))
    )
    rest = "".join(_line(b, manifest, lang) for b in bars(run)[_SHOWN:])
    rest = f'<ul class="gains note">{rest}</ul>' if rest else ""
    return (
        f'<article class="card"><p class="over">{e(scenario)}</p><h2>{e(name)}</h2>{chips}'
        f"{figure}{_verdict(run, lang)}{tiles}{rest}{_link(run, more, lang)}</article>"
    )


def _verdict(run: Mapping[str, Any], lang: Lang) -> str:
    found = bars(run)
    if not found:
        return f'<p class="none">{e(say("report.no_bar", lang=lang))}</p>'
    met = sum(b.met is True for b in found)
    css, sign = ("ok", "✓") if met == len(found) else ("no", "✗")
    text = say("report.bars_met", lang=lang, met=met, all=len(found))
    return f'<p class="verdict {css}">{sign} {e(text)}</p>'


def _tile(
    run: Mapping[str, Any], index: int, which: int, manifest: Manifest | None, lang: Lang
) -> str:
    bar = bars(run)[which]
    chart = kpi(bar, {**run, "marks": ()}, manifest)
    name = metric_words(bar.metric, lang, opening.titles_of(manifest))
    key = f"{lang}-{index}-{which}"
    picture = draw(chart, lang=lang, width=340, key=key, style=False)
    return f'<div class="tile"><h3>{e(name)}</h3>{picture}</div>'


def _line(bar: Any, manifest: Manifest | None, lang: Lang) -> str:
    name = metric_words(bar.metric, lang, opening.titles_of(manifest))
    value = "–" if bar.ours is None else number.amount(bar.ours, bar.unit, lang=lang, digits=4)
    sign = "–" if bar.met is None else "✓" if bar.met else "✗"
    limit = say("chart.axis", lang=lang, name=value, unit=opening.limit(bar, lang))
    return f"<li>{sign} {e(name)}{say('word.colon', lang=lang)}{e(limit)}</li>"


def _link(run: Mapping[str, Any], more: _More, lang: Lang) -> str:
    href = more.links.get(str(run.get("id", "")))
    if not href or not _safe(href):
        return ""
    text = say("report.open_report", lang=lang)
    return f'<p class="go"><a href="{e(href)}">{e(text)} →</a></p>'


def _safe(href: str) -> bool:
    """Relative addresses and web pages only: never a script."""
    scheme = href.split(":", 1)[0].lower() if ":" in href.split("/", 1)[0] else ""
    return scheme in ("", "http", "https", "file")
