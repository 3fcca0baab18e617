"""The first screen of a report: what it is, the headline, the verdict, the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qianhang import safety
from qianhang.charts import draw, number
from qianhang.core import words
from qianhang.core.manifest import Manifest, Words
from qianhang.core.words import Lang, say
from qianhang.runs.report.figures import kpi, stamps
from qianhang.runs.report.shape import (
    Bar,
    bars,
    e,
    figure,
    listed,
    lower_is_better,
    metric_words,
    one,
    quoted,
)

__all__ = [
    "banners",
    "comparison",
    "gains",
    "head",
    "headline",
    "hero",
    "limit",
    "reasons",
    "title",
    "titles_of",
]

_HERE = "\u241f"  # stands where a quotation goes in


def title(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """The scenario's title; its id where the pack is gone."""
    given = one(run.get("title"), lang)
    return given or (one(manifest.title, lang) if manifest else str(run.get("scenario", "")))


def titles_of(manifest: Manifest | None) -> Mapping[str, Words]:
    """The pack's own words for metrics and tables."""
    return manifest.page.titles if manifest else {}


def head(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """Title, summary, and what has to be known about the data before reading on."""
    chips = [f'<li class="warn">{e(one(s, lang))}</li>' for s in stamps(run.get("marks") or ())]
    if manifest:
        chips.append(f"<li>{e(say(f'task.{manifest.task}', lang=lang))}</li>")
        chips.append(f"<li>{e(say(f'risk.{manifest.risk}', lang=lang))}</li>")
        chips.append(f"<li>{e(say(f'licence.{manifest.licence_class}', lang=lang))}</li>")
    summary = f'<p class="lead">{e(one(manifest.summary, lang))}</p>' if manifest else ""
    case = _case_title(run, manifest, lang)
    shown = say("word.colon", lang=lang).join((say("report.case", lang=lang), case)) if case else ""
    return (
        f'<p class="over"><code>{e(run.get("scenario", ""))}</code> · {e(shown)}</p>'
        f"<h1>{e(title(run, manifest, lang))}</h1>{summary}"
        f'<ul class="chips">{"".join(chips)}</ul>{banners(run, lang)}'
    )


def _case_title(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    name = str(run.get("case") or "")
    if manifest:
        return next((one(c.title, lang) for c in manifest.case if c.name == name), name)
    return name


def banners(run: Mapping[str, Any], lang: Lang) -> str:
    """A sentence for each mark on the data, and the error of a run that failed."""
    keys = [f"report.note_{m}" for m in run.get("marks") or () if words.has(f"report.note_{m}")]
    texts = "".join(f"<p>{e(say(k, lang=lang))}</p>" for k in keys)
    notes = f'<div class="banner">{texts}</div>' if texts else ""
    error = run.get("error")
    if not error:
        return notes
    why = error
    if isinstance(error, Mapping):
        code = str(error.get("code") or "")
        said = str(error.get("message") or error.get("why") or "").removeprefix(code)
        why = f"{code} {said.strip()}".strip()
    head_ = say("report.error", lang=lang)
    return f'{notes}<div class="banner bad" role="alert"><p><b>{e(head_)}</b> {e(why)}</p></div>'


def headline(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> tuple[str, str]:
    """The headline figure with its unit, and what it counts; blank where the run has none."""
    found = run.get("headline")
    unit, words_ = "", ""
    if manifest and manifest.headline:
        unit, words_ = manifest.headline.unit, one(manifest.headline.title, lang)
    if isinstance(found, Mapping):
        unit = str(found.get("unit") or unit)
        words_ = one(found.get("title"), lang, words_)
        found = found.get("value")
    value = figure(found)
    return ("", words_) if value is None else (number.amount(value, unit, lang=lang), words_)


def hero(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """Headline first, verdict beside it."""
    shown, what = headline(run, manifest, lang)
    found = bars(run)
    if shown:
        first = f'<p class="over">{e(what)}</p><p class="figure">{e(shown)}</p>'
    elif found and found[0].ours is not None:
        own = number.amount(found[0].ours, found[0].unit, lang=lang)
        name = metric_words(found[0].metric, lang, titles_of(manifest))
        first = f'<p class="over">{e(name)}</p><p class="figure">{e(own)}</p>'
    else:
        first = f'<p class="figure">–</p><p class="note">{say("report.no_headline", lang=lang)}</p>'
    lines = gains(run, manifest, lang)
    items = "".join(f"<li>{e(line)}</li>" for line in lines)
    gain = f'<ul class="gains">{items}</ul>' if items else ""
    name = say("report.headline", lang=lang)
    return (
        f'<div class="hero"><section class="card" aria-label="{e(name)}">{first}{gain}</section>'
        f"{_verdict(run, lang)}</div>"
    )


def gains(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> list[str]:
    """How much better ours is than each baseline, on the first bar's metric."""
    found = bars(run)
    if not found or found[0].ours is None or lower_is_better(found[0]) is None:
        return []
    bar = found[0]
    name = metric_words(bar.metric, lang, titles_of(manifest))
    lines = []
    for side, other in (("trivial", bar.trivial), ("practice", bar.practice)):
        share = _gain(bar, other)
        if share is None:
            continue
        words_ = getattr(manifest.baseline, side) if manifest else None
        label = say(f"word.{side}", lang=lang)
        full = one(words_, lang)
        baseline = say("chart.axis", lang=lang, name=label, unit=full) if full else label
        key = "same" if abs(share) < 0.005 else "better" if share > 0 else "worse"
        said = say(f"report.{key}", lang=lang, baseline=baseline, share=number.percent(abs(share)))
        lines.append(name + say("word.colon", lang=lang) + said)
    return lines


def _gain(bar: Bar, other: float | None) -> float | None:
    if other is None or bar.ours is None or other == 0:
        return None
    share = 1 - bar.ours / other if lower_is_better(bar) else bar.ours / other - 1
    return share if -10 < share < 100 else None


def _verdict(run: Mapping[str, Any], lang: Lang) -> str:
    found = bars(run)
    verdict = str(run.get("verdict") or "none")
    met = sum(b.met is True for b in found)
    if not found:
        text, tone = say("report.no_bar", lang=lang), "none"
    elif verdict == "met":
        text, tone = "✓ " + say("report.all_met", lang=lang), "ok"
    else:
        text, tone = "✗ " + say("report.bars_met", lang=lang, met=met, all=len(found)), "no"
    gate = run.get("gate") or {}
    lines = [f'<p class="verdict {tone}">{e(text)}</p>']
    if gate:
        is_open = bool(gate.get("open"))
        sign, key = ("✓ ", "gate_open") if is_open else ("✗ ", "gate_closed")
        css = "ok" if is_open else "no"
        lines.append(f'<p class="verdict {css}">{sign}{say(f"report.{key}", lang=lang)}</p>')
        stage = _stage(str(gate.get("stage") or ""), lang)
        if stage:
            lines.append(f"<p>{e(say('report.gate_stage', lang=lang, stage=stage))}</p>")
    label = say("report.gate", lang=lang)
    return f'<section class="card" aria-label="{e(label)}">{"".join(lines)}</section>'


def _stage(stage: str, lang: Lang) -> str:
    key = f"stage.{stage}"
    return say(key, lang=lang) if words.has(key) else stage


def comparison(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """A tile for each bar with the source of the published figure, then all of it as one table."""
    found = bars(run)
    name = say("report.against", lang=lang)
    if not found:
        text = say("report.no_bar", lang=lang)
        return f"<h2>{e(name)}</h2><p>{e(text)}</p>"
    tiles = "".join(_tile(b, i, run, manifest, lang) for i, b in enumerate(found))
    return f'<h2>{e(name)}</h2><div class="grid">{tiles}</div>{_table(found, manifest, lang)}'


def _tile(
    bar: Bar, index: int, run: Mapping[str, Any], manifest: Manifest | None, lang: Lang
) -> str:
    chart = kpi(bar, run, manifest)
    notes = [_source(bar, lang)] if bar.published else []
    if bar.reason and not bar.met:
        colon = say("word.colon", lang=lang)
        notes.append(e(say("report.reason_unmet", lang=lang) + colon + one(bar.reason, lang)))
    text = "".join(f'<p class="note">{n}</p>' for n in notes)
    key = f"{lang}-kpi{index}"
    name = metric_words(bar.metric, lang, titles_of(manifest))
    wide = draw(chart, lang=lang, width=490, key=f"w-{key}", style=False)
    slim = draw(chart, lang=lang, width=340, key=f"n-{key}", style=False)
    return (
        f'<figure class="card"><figcaption>{e(name)}</figcaption><div class="wide">{wide}</div>'
        f'<div class="narrow">{slim}</div>{text}</figure>'
    )


def _source(bar: Bar, lang: Lang) -> str:
    known = bar.published
    if known is None:
        return ""
    key = f"verified.{known.verified}"
    how = say(key, lang=lang) if words.has(key) else known.verified
    value = number.amount(known.value, bar.unit, lang=lang, digits=4)
    colon = say("word.colon", lang=lang)
    note = say("report.published_note", lang=lang, value=value, source=_HERE, verified=how)
    text = e(say("word.published", lang=lang) + colon + note)
    return text.replace(_HERE, quoted(known.told(lang), lang))


def limit(bar: Bar, lang: Lang) -> str:
    """The bar in words: at most, at least, or both."""
    low, high = (
        None if v is None else number.amount(v, bar.unit, lang=lang, digits=4)
        for v in (bar.at_least, bar.at_most)
    )
    if low and high:
        return say("report.between", lang=lang, low=low, high=high)
    if high:
        return say("report.at_most", lang=lang, value=high)
    return say("report.at_least", lang=lang, value=low) if low else "–"


def _table(found: tuple[Bar, ...], manifest: Manifest | None, lang: Lang) -> str:
    heads = [say(f"word.{k}", lang=lang) for k in ("metric", "ours", "trivial", "practice")]
    heads += [say("word.published", lang=lang), say("word.bar", lang=lang), ""]
    heads[-1] = say("cli.verdict", lang=lang) if words.has("cli.verdict") else "✓"
    css = ("txt", "num", "num", "num", "num", "txt", "txt")
    head_ = "".join(
        f'<th scope="col" class="{c}">{e(h)}</th>' for c, h in zip(css, heads, strict=True)
    )
    body = "".join(_row(bar, css, manifest, lang) for bar in found)
    label = say("report.numbers", lang=lang)
    return (
        f"<details><summary>{e(label)}</summary>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{e(label)}"><table>'
        f"<thead><tr>{head_}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _row(bar: Bar, css: tuple[str, ...], manifest: Manifest | None, lang: Lang) -> str:
    published = bar.published.value if bar.published else None
    values = [bar.ours, bar.trivial, bar.practice, published]
    shown = ["–" if v is None else number.exact(v) for v in values]
    unit = number.unit(bar.unit, lang=lang)
    name = metric_words(bar.metric, lang, titles_of(manifest))
    name = say("chart.axis", lang=lang, name=name, unit=unit) if unit else name
    key = "not_scored" if bar.met is None else "met" if bar.met else "unmet"
    sign = {"met": "✓ ", "unmet": "✗ "}.get(key, "")
    cells = [name, *shown, limit(bar, lang), sign + say(f"report.{key}", lang=lang)]
    return "<tr>" + "".join(
        f'<td class="{c}">{e(v)}</td>' for c, v in zip(css, cells, strict=True)
    ) + "</tr>"  # fmt: skip


def reasons(run: Mapping[str, Any], lang: Lang) -> str:
    """Why the gate decided so, each reason with what the reader can do about it."""
    gate = run.get("gate")
    if not gate:
        return ""
    items = "".join(f"<li>{_reason(r, lang)}</li>" for r in gate.get("reasons") or ())
    body = (
        f'<ul class="reasons">{items}</ul>'
        if items
        else f"<p>{say('report.no_reasons', lang=lang)}</p>"
    )
    state = say("report.gate_open" if gate.get("open") else "report.gate_closed", lang=lang)
    line = listed([state, _stage(str(gate.get("stage") or ""), lang)], lang)
    return f"<h2>{say('report.gate', lang=lang)}</h2><div class=card><h3>{e(line)}</h3>{body}</div>"


def _reason(found: Mapping[str, Any], lang: Lang) -> str:
    """One finding of the gate; advice where this release knows the finding."""
    code = str(found.get("code") or "")
    said = e(found.get(lang) or found.get("zh") or code)
    if code not in safety.CODES:
        return said
    return f'{said}<br><span class="note">{e(one(safety.words(code).todo, lang))}</span>'
