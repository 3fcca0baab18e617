"""Reports: a run, or many, as one HTML file that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qianhang.core.manifest import Manifest
from qianhang.core.words import Lang, say
from qianhang.runs.report import annex, opening
from qianhang.runs.report.figures import Figures
from qianhang.runs.report.overview import overview
from qianhang.runs.report.page import chosen, frame
from qianhang.runs.report.shape import RunView

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunView", "overview", "parts", "render"]


def render(
    record: RunView | Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    manifest: Manifest | None,
    *,
    lang: str = "both",
) -> str:
    """The report of one run as self-contained HTML, in Chinese, English or both.

    record : the run as a plain mapping (see RunView); tables : name -> frame that the trial kept
    Raises ValueError for a language that does not exist.
    """
    languages = chosen(lang)
    figures = Figures.of(record, tables, manifest)
    titles = {
        k: say("report.document", lang=k, title=opening.title(record, manifest, k))
        for k in languages
    }
    return frame(titles, {k: _body(record, manifest, figures, k) for k in languages})


def _body(run: Mapping[str, Any], manifest: Manifest | None, figures: Figures, lang: Lang) -> str:
    drawn = figures.html(lang)
    charts = f'<h2>{say("report.charts", lang=lang)}</h2><div class="grid">{drawn}</div>'
    told = parts(run, manifest, lang=lang)
    return told["opening"] + (charts if drawn else "") + told["annex"]


def parts(run: Mapping[str, Any], manifest: Manifest | None, *, lang: Lang) -> dict[str, str]:
    """The report's HTML around its charts: `opening` stands before them, `annex` after."""
    return {
        "opening": "".join(
            (
                opening.head(run, manifest, lang),
                opening.hero(run, manifest, lang),
                opening.comparison(run, manifest, lang),
                opening.reasons(run, lang),
            )
        ),
        "annex": "".join(
            (
                annex.folds(run, manifest, lang),
                annex.data(run, manifest, lang),
                annex.model(run, manifest, lang),
                annex.evidence(run, manifest, lang),
                annex.facts(run, manifest, lang),
                annex.log(run, lang),
            )
        ),
    }
