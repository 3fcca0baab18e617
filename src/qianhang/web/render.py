"""Pages from templates: text by key, numbers and times in the reader's form, no inline script."""

from __future__ import annotations

import functools
from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup

import qianhang
from qianhang.billing import amount
from qianhang.core.explained import explain
from qianhang.core.manifest import Words
from qianhang.core.words import Lang
from qianhang.plan import atlas
from qianhang.runs.report.shape import quoted
from qianhang.web import forms, words
from qianhang.web.asked import Asked
from qianhang.web.assets import version_of
from qianhang.web.edition import Edition
from qianhang.web.fragments import Fragments
from qianhang.web.menu import menu_of
from qianhang.web.phrases import phrase, told
from qianhang.web.views.plans import shares

__all__ = ["edition", "page"]


@functools.cache
def edition(lang: Lang) -> Edition:
    """The templates in a language, with what they all share."""
    found = Edition(
        lang,
        {
            "asset": version_of,
            "explain": explain,
            "in_yuan": amount.yuan,
            "shares": shares,
            "show": forms.Shown(lang),
            "version": qianhang.__version__,
        },
    )
    found.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
    found.tests["worded"] = words.has
    found.filters["word"] = _word
    found.filters["phrase"] = phrase
    found.filters["told"] = told
    found.filters["quoted"] = _quoted
    found.filters["who"] = _who
    found.filters["region"] = _region
    kept = Fragments(found)
    found.globals |= {"kept": kept.one, "kept_rows": kept.rows}
    return found


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

    Every template finds `t` (text by key), `lang`, `show` (numbers, times, sums of money in the
    reader's form), `kept` and `kept_rows` (pieces that come again and again); a page's own, not
    what it imports without its context, finds `ask` and `menu` beside the values.
    """
    made = edition(ask.lang).get_template(template)
    body = made.render({"ask": ask, "menu": menu_of(ask)} | values)
    headers = {"Cache-Control": "no-store"} if ask.person else {}
    return HTMLResponse(body, status_code=status, headers=headers)
