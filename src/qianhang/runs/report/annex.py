"""The rest of a report: folds, where the data come from, how it was run, model, evidence, log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qianhang.charts import number
from qianhang.core import words
from qianhang.core.manifest import Manifest
from qianhang.core.names import called
from qianhang.core.words import Lang, say
from qianhang.runs.report.names import Teller, teller
from qianhang.runs.report.opening import titles_of
from qianhang.runs.report.shape import bars, e, figure, local, metric_words, one, quoted

__all__ = ["data", "evidence", "facts", "folds", "log", "model"]

_SIDES = ("ours", "trivial", "practice")
_METRICS = 6
_FOLDS = 60
_NESTED = (Mapping, list, tuple)
_SHORT = 6
_LINES = 60


def folds(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """Each fold beside the baselines, for the metrics that have a bar."""
    found = list(run.get("folds") or ())
    if not found:
        return ""
    scored = list(found[0].get("ours") or ())
    held = [b.metric for b in bars(run) if b.metric in scored]
    metrics = (held + [m for m in scored if m not in held])[: max(len(held), 3)][:_METRICS]
    sides = [s for s in _SIDES if any(f.get(s) for f in found)]
    names = [metric_words(m, lang, titles_of(manifest)) for m in metrics]
    rows = [
        [e(_fold(f, i, lang)), *(_score(f, side, m) for m in metrics for side in sides)]
        for i, f in enumerate(found[:_FOLDS])
    ]
    name = say("report.folds", lang=lang)
    note = say("report.folds_note", lang=lang)
    if len(found) > _FOLDS:
        more = say("report.rows_shown", lang=lang, shown=_FOLDS, all=len(found))
        note = f"{note} {more}"
    table = _double(names, sides, rows, lang=lang)
    return f'<h2>{e(name)}</h2><div class="card">{table}<p class="note">{e(note)}</p></div>'


def _fold(found: Mapping[str, Any], index: int, lang: Lang) -> str:
    """A fold's name, in words where it is the kind of its split."""
    name = str(found.get("name", index + 1))
    return called(name, "splitkind", lang=lang) or name


def _double(
    names: Sequence[str], sides: Sequence[str], rows: Sequence[Sequence[str]], *, lang: Lang
) -> str:
    """A table whose head names each metric once, over ours and the baselines."""
    first = f'<th scope="col" rowspan="2">{say("report.fold", lang=lang)}</th>'
    over = "".join(
        f'<th scope="colgroup" colspan="{len(sides)}" class="group">{e(n)}</th>' for n in names
    )
    under = "".join(
        f'<th scope="col" class="num">{say(f"word.{side}", lang=lang)}</th>'
        for _ in names
        for side in sides
    )
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f'<td class="num">{c}</td>' for c in row[1:])
        + "</tr>"
        for row in rows
    )
    label = say("report.folds", lang=lang)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table><thead>'
        f"<tr>{first}{over}</tr><tr>{under}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _score(fold: Mapping[str, Any], side: str, metric: str) -> str:
    value = figure((fold.get(side) or {}).get(metric))
    return "–" if value is None else number.exact(value)


def data(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """Every file that was read, with its sum, where it came from and what may be done with it."""
    found = run.get("data") or {}
    name = say("report.data", lang=lang)
    licence = f"licence.{manifest.licence_class}" if manifest else ""
    if not found:
        return ""
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for file, what in found.items():
        facts_ = what if isinstance(what, Mapping) else {"sha256": what}
        origin = str(facts_.get("source") or ""), _licence(facts_, licence, lang)
        key = (*origin, str(facts_.get("citation") or ""))
        groups.setdefault(key, []).append((file, str(facts_.get("sha256", ""))))
    parts = "".join(_origin(key, files, lang) for key, files in groups.items())
    return f"<h2>{e(name)}</h2>{parts}{_quality(run.get('quality') or {}, lang)}"


def _quality(found: Mapping[str, Any], lang: Lang) -> str:
    """The grade of the data and what it is from, where it was graded."""
    if not found.get("grade"):
        return ""
    shares = {n: f"{100 * float(found[n]):.1f} %" for n in ("complete", "valid", "unique")}
    grade = say(f"ledger.value.{found['grade']}", lang=lang)
    rows = number.exact(found["rows"])
    text = say("report.quality", lang=lang, grade=grade, rows=rows, **shares)
    left = ", ".join(str(name) for name in found.get("ungraded") or ())
    more = say("report.quality_ungraded", lang=lang, names=left) if left else ""
    return f'<p class="note">{e(f"{text} {more}".strip())}</p>'


def _licence(found: Mapping[str, Any], default: str, lang: Lang) -> str:
    key = f"licence.{found['licence_class']}" if found.get("licence_class") else default
    shown = say(key, lang=lang) if key and words.has(key) else ""
    name = one(found.get("licence"), lang)
    return say("chart.axis", lang=lang, name=name, unit=shown) if name and shown else name or shown


def _origin(key: tuple[str, str, str], files: Sequence[tuple[str, str]], lang: Lang) -> str:
    """One source with its licence, and under it each file with its sum."""
    source, licence, citation = key
    items = [
        (say("report.source", lang=lang), e(source)),
        (say("report.licence", lang=lang), e(licence)),
    ]
    lines = "".join(
        f'<li><code>{e(file)}</code><br><span class="hash">sha256 {e(sha)}</span></li>'
        for file, sha in files
    )
    note = f'<p class="note">{quoted(citation, lang)}</p>' if citation else ""
    return f'<div class="card data">{_pairs(items)}<ul class="files">{lines}</ul>{note}</div>'


def _pairs(items: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<dt>{e(k)}</dt><dd>{v}</dd>" for k, v in items if v)
    return f"<dl>{lines}</dl>"


def _seconds(value: Any) -> str:
    found = figure(value)
    return "" if found is None else f"{number.exact(found, digits=3)} s"


def facts(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """How the run was made, so that somebody else can make it again."""
    tell = teller(manifest, str(run.get("case") or ""), lang)

    def label(key: str) -> str:
        return say(f"report.{key}", lang=lang)

    state, pool = f"state.{run.get('state')}", str(run.get("pool") or "")
    peak = figure(run.get("peak_mb"))
    items = [
        (say("cli.run_id", lang=lang) if words.has("cli.run_id") else "id", _code(run.get("id"))),
        (label("state"), e(say(state, lang=lang) if words.has(state) else run.get("state", ""))),
        (label("started"), e(local(str(run.get("started") or ""), lang))),
        (label("ended"), e(local(str(run.get("ended") or ""), lang))),
        (label("seed"), e(run.get("seed", ""))),
        (label("params"), _named(run.get("params") or {}, tell, counted=False)),
        (label("pool"), e(called(pool, "poolname", lang=lang) or pool)),
        (label("wall"), e(_seconds(run.get("wall_s")))),
        (label("cpu"), e(_seconds(run.get("cpu_s")))),
        (label("peak"), e(f"{number.exact(round(peak))} MB") if peak is not None else ""),
        (label("pack_version"), e(run.get("pack_version", ""))),
        (label("pack_hash"), f'<span class="hash">{e(run.get("pack_hash", ""))}</span>'),
        (label("versions"), _settings(run.get("versions") or {})),
        (label("case_facts"), _named(run.get("facts") or {}, tell, counted=True)),
    ]
    return f'<h2>{label("facts")}</h2><div class="card">{_pairs(items)}</div>'


def _code(value: object) -> str:
    return f"<code>{e(value)}</code>" if value else ""


def _named(found: Mapping[str, Any], tell: Teller, *, counted: bool) -> str:
    """Parameters or counts, a line each; a name without words stays as it is in code."""
    lines = []
    for key, value in _brief(found).items():
        name = tell.fact(key) if counted else tell.param(key)
        text = e(tell.value(value, of=key if counted else ""))
        if not counted and isinstance(value, str) and value:
            text = e(tell.choice(key, value)) or f"<code>{text}</code>"
        head = e(name) if name else f"<code>{e(key)}</code>"
        lines.append(f"{head}{say('word.colon', lang=tell.lang)}{text}")
    return "<br>".join(lines)


def _brief(found: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in found.items() if not isinstance(v, _NESTED) or len(v) <= _SHORT}


def _settings(found: Mapping[str, Any]) -> str:
    """Names and values on one line each; what is nested is counted, not spelt out."""
    shown = _brief(found)
    lines = (f"<code>{e(k)}&nbsp;=&nbsp;{e(_flat(v))}</code>" for k, v in shown.items())
    return "<br>".join(lines)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_flat(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_flat(v) for v in value)
    return number.exact(value) if isinstance(value, float) else str(value)


def model(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """The model card: name, version, purpose, on what and how well, and who decides."""

    def label(key: str) -> str:
        return say(f"report.{key}", lang=lang)

    found = run.get("model")
    items: list[tuple[str, str]] = []
    if isinstance(found, Mapping):
        items.append((label("model_name"), _code(found.get("name"))))
        items.append((label("model_version"), e(found.get("version", ""))))
        manifest_ = str(found.get("manifest") or "")
        items.append((label("sha"), f'<span class="hash">{e(manifest_)}</span>'))
    if manifest:
        items.append((label("use"), e(one(manifest.summary, lang))))
        items.append((label("human_role"), e(one(manifest.human_role, lang))))
        items.append((label("owner"), quoted(manifest.owner, lang)))
        items.append((label("risk"), e(say(f"risk.{manifest.risk}", lang=lang))))
    scores = {
        metric_words(k, lang, titles_of(manifest)): v for k, v in (run.get("scores") or {}).items()
    }
    items.append((label("held_out"), _settings(scores)))
    none = "" if found else f'<p class="note">{label("model_none")}</p>'
    return f'<h2>{label("model")}</h2><div class="card">{_pairs(items)}{none}</div>'


def evidence(run: Mapping[str, Any], manifest: Manifest | None, lang: Lang) -> str:
    """Which plan items this realises, and the records of the hash chain that say so."""
    covers = run.get("covers") or (list(manifest.covers) if manifest else [])
    names = [c if isinstance(c, Mapping) else {"id": c} for c in covers]
    items = "".join(
        f"<li><code>{e(c.get('id', ''))}</code> {quoted(str(c.get('name', '')), lang)}</li>"
        for c in names
    )
    records = [_record(r) for r in run.get("evidence") or ()]
    shown = "<br>".join(records) or e(say("report.evidence_none", lang=lang))
    heads = say("report.covers", lang=lang), say("report.records", lang=lang)
    name = say("report.evidence", lang=lang)
    return (
        f'<h2>{e(name)}</h2><div class="grid"><div class="card"><h3>{e(heads[0])}</h3>'
        f'<ul class="reasons">{items}</ul></div><div class="card"><h3>{e(heads[1])}</h3>'
        f"<p>{shown}</p></div></div>"
    )


def _record(found: Any) -> str:
    if not isinstance(found, Mapping):
        return f"<code>{e(found)}</code>"
    parts = [str(found.get(k)) for k in ("id", "seq", "indicator", "kind", "at") if found.get(k)]
    hash_ = f' <span class="hash">{e(found["hash"])}</span>' if found.get("hash") else ""
    return f"<code>{e(' · '.join(parts))}</code>{hash_}"


def log(run: Mapping[str, Any], lang: Lang) -> str:
    """The end of the job's log, folded away unless the run failed."""
    text = str(run.get("log") or "").strip()
    name = say("report.log", lang=lang)
    if not text:
        return ""
    lines = [_told(line) for line in text.splitlines() if line.strip()]
    tail = "\n".join([line for line in lines if line][-_LINES:])
    opened = " open" if run.get("error") else ""
    shown = say("report.log_show", lang=lang)
    return (
        f'<h2>{e(name)}</h2><div class="card"><details{opened}><summary>{e(shown)}</summary>'
        f'<pre tabindex="0">{e(tail)}</pre></details></div>'
    )


def _told(line: str) -> str:
    """A line of the log; a step's own line (`qh {...}`) as a person would write it."""
    if not line.startswith("qh {"):
        return line
    try:
        event = json.loads(line[3:])
    except ValueError:
        return line
    if event.get("state") == "start":
        return ""
    done, total = event.get("done") or 0, event.get("total") or 0
    count = f"{done}/{total}" if total else ""
    facts_ = _flat(event.get("facts") or {})
    parts = (str(event.get("step", "")), count, str(event.get("note") or ""), facts_)
    return "  ".join(p for p in parts if p)
