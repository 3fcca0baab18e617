"""What a form lets one choose from hundreds: made once for each language, not for each page."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from qianhang.core.manifest import Words
from qianhang.core.words import Lang
from qianhang.runs import shelf

__all__ = ["scenarios"]

_OPTION = Markup('<option value="{}"{}>{}</option>\n')
_KEPT: dict[Lang, tuple[Mapping[str, Words], dict[str, Markup], Markup]] = {}


def scenarios(lang: Lang, *, chosen: str = "") -> Markup:
    """An <option> for every scenario, the chosen one marked."""
    titles = shelf.titles()
    kept = _KEPT.get(lang)
    if kept is None or kept[0] is not titles:
        each = {name: _option(name, title, lang) for name, title in titles.items()}
        kept = _KEPT[lang] = (titles, each, Markup("").join(each.values()))
    _, each, every = kept
    if chosen not in each:
        return every
    marked = _option(chosen, titles[chosen], lang, more=Markup(" selected"))
    return Markup(every.replace(each[chosen], marked, 1))  # noqa: S704  # escaped above


def _option(name: str, title: Words, lang: Lang, *, more: str = "") -> Markup:
    return _OPTION.format(name, more, title.en if lang == "en" else title.zh)
