"""Pages from templates: text by key, numbers and times in the reader's form, no inline script."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse
from markupsafe import Markup

import qianhang
from qianhang.core.explained import explain
from qianhang.core.manifest import Words
from qianhang.core.words import Lang
from qianhang.plan import atlas
from qianhang.runs.report.shape import quoted
from qianhang.web import forms, words
from qianhang.web.asked import Asked
from qianhang.web.assets import version_of
from qianhang.web.fragments import Fragments
from qianhang.web.menu import entries
from qianhang.web.phrases import phrase, told
from qianhang.web.views.plans import shares

__all__ = ["environment", "page"]


@functools.cache
def environment() -> jinja2.Environment:
    """The templates: escaped, strict about names, compiled once a process."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
    found.globals["asset"] = version_of
    found.globals["explain"] = explain
    found.globals["shares"] = shares
    found.globals["version"] = qianhang.__version__
    found.tests["worded"] = words.has
    found.filters["word"] = _word
    found.filters["phrase"] = phrase
    found.filters["told"] = told
    found.filters["quoted"] = _quoted
    found.filters["who"] = _who
    found.filters["region"] = _region
    return found


@functools.cache
def _fragments() -> Fragments:
    return Fragments(environment())


def _quoted(text: str, lang: Lang) -> Markup:
    return Markup(quoted(text, lang))  # noqa: S704  # `quoted` escapes the text


def _who(by: str, lang: Lang) -> str:
    """Who wrote something down: a person by name, a run or the platform itself in words."""
    kind, _, rest = by.partition(" ")
    if kind == "run" and rest:
        return f"{words.say('logkey.run', lang=lang)} {rest}"
    return words.say(f"logvalue.{by}", lang=lang) if by in ("platform", "server") else by


def _region(name: str, lang: Lang) -> str:
    return atlas.named(name, english=lang == "en")


def _word(value: Words, lang: Lang) -> str:
    return value.en if lang == "en" else value.zh


def page(ask: Asked, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page that `template` makes of the values.

    A template sees `t` (text by key), `ask`, `menu`, `show` (numbers, times, sums of money in the
    reader's form), `kept` and `kept_rows` (pieces that come again and again) beside the values.
    """
    shared = {
        "ask": ask,
        "t": ask.t,
        "lang": ask.lang,
        "show": forms.Shown(ask.lang),
        "kept": _fragments().of(ask.lang),
        "kept_rows": _fragments().rows(ask.lang),
        "menu": entries(ask),
    }
    body = environment().get_template(template).render(shared | values)
    headers = {"Cache-Control": "no-store"} if ask.person else {}
    return HTMLResponse(body, status_code=status, headers=headers)
