"""Programmes as people read them: what each text states, on which source it rests, what not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qianhang.billing.vouchers.programme import (
    Names,
    Programme,
    Scale,
    Tier,
    Window,
    fields,
    stated,
)
from qianhang.billing.vouchers.shelf import shipped
from qianhang.core.words import LANGUAGES, Lang, has, say

__all__ = [
    "document",
    "everything",
    "in_words",
    "lines",
    "overview",
    "rule_label",
    "rule_names",
    "sources_of",
    "summary",
]

# Shown at the head of a programme, not among its rules.
_HEAD = {"id", "kind", "name", "issuer", "region", "source", "notes"}


def summary(programme: Programme) -> dict[str, Any]:
    """A programme in one line, what its text does not state as None."""
    fund, entity = programme.fund, programme.entity
    tiers = programme.ratio.tiers if programme.ratio else ()
    return {
        "id": programme.id, "kind": programme.kind, "region": programme.region,
        "name": {"zh": programme.name.zh, "en": programme.name.en},
        "fund_cny": fund.total_cny, "fund_per_year_cny": fund.per_year_cny,
        "entity_per_year_cny": entity.per_year_cny, "entity_total_cny": entity.total_cny,
        "percents": sorted({t.percent for t in tiers}), "payout": programme.settlement.payout,
        "read": sorted({s.read for s in programme.source}),
    }  # fmt: skip


def everything(programme: Programme) -> dict[str, Any]:
    """Every field in both languages, None where it is not stated, and the sources."""
    given = dict(stated(programme))
    rules = {
        name: {lang: in_words(given[name], lang) for lang in LANGUAGES} if name in given else None
        for name in rule_names(programme)
    }
    sources = [
        {"document": s.document, "number": s.number, "url": s.url, "read": s.read,
         "day": s.day, "states": list(s.states)}
        for s in programme.source
    ]  # fmt: skip
    notes = [{"zh": n.zh, "en": n.en} for n in programme.notes]
    return summary(programme) | {"rules": rules, "sources": sources, "notes": notes}


def overview(lang: Lang) -> Iterator[str]:
    """A line for each shipped programme."""
    for p in shipped().values():
        cells = (_percents(p, lang), _money(p, "fund", lang), _money(p, "entity", lang))
        name = p.name.zh if lang == "zh" else p.name.en
        yield "  ".join((p.id, name, *cells))


def lines(programme: Programme, lang: Lang) -> Iterator[str]:
    """A programme, a line a field: what it states with the number of the source, then what not."""
    given = dict(stated(programme))
    name = programme.name.zh if lang == "zh" else programme.name.en
    yield f"{programme.id}  {name}  {programme.issuer}"
    colon = say("word.colon", lang=lang)
    for field in rule_names(programme):
        if field in given:
            marks = "".join(f"[{n}]" for n in sources_of(programme, field))
            yield f"{rule_label(field, lang)}{colon}{in_words(given[field], lang)} {marks}".rstrip()
    for note in programme.notes:
        yield f"{say('voucher.note', lang=lang)}{colon}{in_words(note, lang)}"
    missing = [rule_label(f, lang) for f in rule_names(programme) if f not in given]
    comma = say("word.list_comma", lang=lang)
    yield f"{say('voucher.not_stated', lang=lang)}{colon}{comma.join(missing)}"
    for number, source in enumerate(programme.source, 1):
        read = say(f"voucher.read.{source.read}", lang=lang)
        day = f" {source.day}" if source.day else ""
        yield f"[{number}] {source.document} {source.number}{day} {source.url} ({read})"


def document() -> str:
    """docs/vouchers.md: every shipped programme, generated so that page and files are one."""
    head = say("voucher.page_head", lang="zh"), say("voucher.page_head", lang="en")
    parts = [f"# {say('voucher.page_title', lang='zh')} {say('voucher.page_title', lang='en')}"]
    proof = say("voucher.page_proof", lang="zh"), say("voucher.page_proof", lang="en")
    parts += [*head, *proof, _table()]
    for p in shipped().values():
        parts.append(f"## {p.id}\n\n**{p.name.zh}** · {p.name.en}")
        parts.append("\n".join(_rows(p)))
        gaps = [f for f in rule_names(p) if f not in dict(stated(p))]
        for lang in LANGUAGES:
            label, comma = say("voucher.not_stated", lang=lang), say("word.list_comma", lang=lang)
            told = comma.join(rule_label(f, lang) for f in gaps)
            parts.append(f"{label}{say('word.colon', lang=lang)}{told}")
        parts += [f"{n.zh}\n{n.en}" for n in p.notes]
    return "\n\n".join(parts) + "\n"


def _table() -> str:
    heads = ("programme", "ratio", "fund", "entity", "payout", "read")
    cells = [f"{say(f'voucher.head_{h}', lang='zh')} {say(f'voucher.head_{h}', lang='en')}"
             for h in heads]  # fmt: skip
    rows = [f"| {' | '.join(cells)} |", "| --- | --- | --- | --- | --- | --- |"]
    for p in shipped().values():
        read = " · ".join(
            say(f"voucher.read.{r}", lang=lang)
            for r in sorted({s.read for s in p.source})
            for lang in LANGUAGES
        )
        payout = _both(p.settlement.payout) if p.settlement.payout else "—"
        told = (f"[{p.id}](#{p.id}) {p.name.zh}", _percents(p, "zh"), _money(p, "fund", "zh"),
                _money(p, "entity", "zh"), payout, read)  # fmt: skip
        rows.append(f"| {' | '.join(told)} |")
    return "\n".join(rows)


def _rows(p: Programme) -> Iterator[str]:
    yield "| | | |"
    yield "| --- | --- | --- |"
    given = dict(stated(p))
    for field in rule_names(p):
        if field not in given:
            continue
        marks = " ".join(f"[{n}]" for n in sources_of(p, field))
        label = f"{rule_label(field, 'zh')} {rule_label(field, 'en')}"
        yield f"| {label} | {_both(given[field])} | {marks} |"
    for number, s in enumerate(p.source, 1):
        read = _both_words(f"voucher.read.{s.read}")
        day = f" {s.day}" if s.day else ""
        yield f"| [{number}] | [{s.document}]({s.url}) {s.number}{day} | {read} |"


def rule_names(programme: Programme) -> list[str]:
    """The dotted names of every rule there is, stated or not."""
    return [name for name, _ in fields(programme) if name not in _HEAD]


def sources_of(programme: Programme, field: str) -> list[int]:
    """The numbers, from 1, of the sources on which a rule rests."""
    return [n for n, s in enumerate(programme.source, 1) if field in s.states]


def rule_label(field: str, lang: Lang) -> str:
    """What a rule is called."""
    return say(f"voucher.field.{field.replace('.', '_')}", lang=lang)


def _both_words(key: str) -> str:
    return " · ".join(say(key, lang=lang) for lang in LANGUAGES)


def _both(value: object) -> str:
    zh, en = (in_words(value, lang) for lang in LANGUAGES)
    return zh if zh == en else f"{zh} · {en}"


def in_words(value: object, lang: Lang) -> str:
    """A value of a programme in words."""
    if isinstance(value, Names):
        return value.zh if lang == "zh" else value.en
    if isinstance(value, tuple):
        return say("word.list_comma", lang=lang).join(in_words(v, lang) for v in value)
    if isinstance(value, bool):
        return say(f"voucher.value.{'yes' if value else 'no'}", lang=lang)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Tier):
        return _tier(value, lang)
    if isinstance(value, Scale):
        return _scale(value, lang)
    if isinstance(value, Window):
        return f"{value.opens}/{value.closes}"
    text = str(value)
    return say(f"voucher.value.{text}", lang=lang) if has(f"voucher.value.{text}") else text


def _tier(tier: Tier, lang: Lang) -> str:
    told = [] if tier.chips == "any" else [in_words(f"chips_{tier.chips}", lang)]
    named: Mapping[str, tuple[str, ...]] = {
        "uses": tier.uses, "kinds": tier.kinds, "sizes": tier.sizes, "classes": tier.classes
    }  # fmt: skip
    told += [in_words(values, lang) for values in named.values() if values]
    for name in ("year_up_to_cny", "above_cny", "up_to_cny"):
        amount = getattr(tier, name)
        told += [say(f"voucher.tier_{name}", lang=lang, amount=f"{amount:,}")] if amount else []
    between = say("word.semicolon", lang=lang)
    return f"{tier.percent}%" + (f" ({between.join(told)})" if told else "")


def _scale(scale: Scale, lang: Lang) -> str:
    told = in_words(scale.kind, lang)
    if scale.pflops_at_least:
        told += f" ≥ {scale.pflops_at_least:,} PFLOPS"
    if scale.racks_at_least:
        told += f" ≥ {scale.racks_at_least:,} {say('voucher.racks', lang=lang)}"
    return told


def _percents(p: Programme, lang: Lang) -> str:
    found = sorted({t.percent for t in p.ratio.tiers}) if p.ratio else []
    return "/".join(f"{n}%" for n in found) or say("voucher.not_stated", lang=lang)


def _money(p: Programme, part: str, lang: Lang) -> str:
    """A fund or an applicant's cap: a year, in all, or not stated."""
    held = getattr(p, part)
    told = [
        say(f"voucher.{word}", lang=lang, amount=f"{amount:,}")
        for word, amount in (("a_year", held.per_year_cny), ("in_all", held.total_cny))
        if amount is not None
    ]
    return say("word.list_comma", lang=lang).join(told) or say("voucher.not_stated", lang=lang)
