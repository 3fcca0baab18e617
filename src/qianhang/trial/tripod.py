"""The reporting sheet of a prediction model, filled in from the run itself.

Source: Collins and others (2024), TRIPOD+AI statement, BMJ 385:e078378, 27 items; the wording of
the items is ours and lies in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from qianhang.core.manifest import Case, Words
from qianhang.core.names import called
from qianhang.core.spec import Spec
from qianhang.core.words import Lang, say

__all__ = ["ITEMS", "sheet", "sheets"]

Answers = dict[int, str]
ITEMS = 27


def sheets(
    spec: Spec, *, facts: Mapping[str, Any], found: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """The sheet in Chinese as `tripod` and in English as `tripod_en`; see `sheet`."""
    return {
        "tripod": sheet(spec, facts=facts, found=found, lang="zh"),
        "tripod_en": sheet(spec, facts=facts, found=found, lang="en"),
    }


def sheet(
    spec: Spec, *, facts: Mapping[str, Any], found: Mapping[str, pd.DataFrame], lang: Lang
) -> pd.DataFrame:
    """One row an item of TRIPOD+AI: item, topic, answer, source.

    facts : what the trial counted; found : its tables
    source : this run, the pack's promise, or the owner, who still has to fill the item in
    """
    writer = _Writer(spec, facts, found, lang)
    promised, measured = writer.promised(), writer.measured()
    rows = []
    for item in range(1, ITEMS + 1):
        answer, source = say("tripod.owner", lang=lang), "owner"
        if item in promised:
            answer, source = promised[item], "manifest"
        elif item in measured:
            answer, source = measured[item], "run"
        topic = say(f"tripod.topic_{item}", lang=lang)
        rows.append((item, topic, answer, say(f"tripod.{source}", lang=lang)))
    return pd.DataFrame(rows, columns=["item", "topic", "answer", "source"])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Puts facts into the sentences of one language."""

    spec: Spec
    facts: Mapping[str, Any]
    found: Mapping[str, pd.DataFrame]
    lang: Lang

    def say(self, key: str, **values: object) -> str:
        return say(f"tripod.{key}", lang=self.lang, **values)

    def word(self, words: Words) -> str:
        return words.zh if self.lang == "zh" else words.en

    def called(self, name: str, *sections: str) -> str:
        return called(name, *sections, lang=self.lang, titles=self._titles()) or name

    def metric(self, name: str) -> str:
        return self.called(name, "metric")

    def column(self, name: str) -> str:
        title = self.spec.columns[name].title
        return self.word(title) if title else self.called(name, "column")

    def _titles(self) -> Mapping[str, Words]:
        return self.spec.manifest.page.titles if self.spec.manifest else {}

    def comma(self) -> str:
        return say("word.list_comma", lang=self.lang)

    def promised(self) -> Answers:
        """The items that the manifest answers."""
        manifest = self.spec.manifest
        if manifest is None:
            return {}
        case = manifest.find_case(self.spec.case)
        role = manifest.human_role
        title = self.word(case.title)
        return {
            1: self.word(manifest.title),
            2: self.word(manifest.summary),
            3: self.say(
                "use",
                purpose=self.word(manifest.title),
                subject=say(f"subject.{manifest.subject}", lang=self.lang),
                risk=say(f"risk.{manifest.risk}", lang=self.lang),
                device=say(f"device.{manifest.device_class or 'none'}", lang=self.lang),
            ),
            4: self._promise(case),
            5: self.say("data", title=title, dataset=case.dataset)
            if case.dataset
            else self.say("own_data", title=title),
            27: self.say("confirms", who=self.word(role) if role else self.say("nobody")),
        }

    def _promise(self, case: Case) -> str:
        held = [(self.metric(b.metric), b) for b in case.bar]
        limits = [f"{name} ≥ {b.at_least:g}" for name, b in held if b.at_least is not None]
        limits += [f"{name} ≤ {b.at_most:g}" for name, b in held if b.at_most is not None]
        if not limits:
            return self.say("no_promise")
        return self.say("promise", limits=self.comma().join(limits))

    def measured(self) -> Answers:
        """The items that the run answers."""
        facts, plain = self.facts, self.say
        names: dict[int, Callable[[], str]] = {
            8: self._outcome,
            9: self._predictors,
            10: self._size,
            11: self._gaps,
            12: self._methods,
            14: self._fairness,
            20: self._flow,
            22: self._formula,
            23: self._performance,
            25: self._compared,
            26: self._limits,
        }
        counts = {"n": facts["n"], "events": facts["events"]}
        split = say(f"splitkind.{facts['split']}", lang=self.lang)
        kind = {"folds": facts["folds"], "kind": split, "scored": facts["scored"]}
        answers = {
            6: plain("participants", n=facts["n"]),
            7: plain("prepared"),
            13: plain("balance"),
            15: plain("output"),
            16: plain("split", **kind),
            21: plain("final", **counts),
            24: plain("updating"),
        }
        return answers | {item: text for item, write in names.items() if (text := write())}

    def _outcome(self) -> str:
        unit = next((c.unit for c in self.spec.columns.values() if c.role == "duration"), "")
        if "median_follow_up" not in self.facts:
            return self.say("outcome_seen")
        median = f"{self.facts['median_follow_up']:g}"
        return self.say("outcome_by", horizon=self.spec.horizon, unit=unit, median=median)

    def _predictors(self) -> str:
        return self.comma().join(self._named(n) for n in self.facts["predictors"])

    def _named(self, name: str) -> str:
        column = self.spec.columns[name]
        title = self.column(name)
        return f"{title} ({column.unit})" if column.unit else title

    def _size(self) -> str:
        return self.say(
            "size",
            events=self.facts["events"],
            ratio=f"{self.facts['events_per_predictor']:g}",
            allowed=self.comma().join(self.say(k) for k in self.facts["allowed"]),
        )

    def _gaps(self) -> str:
        gaps = {n: count for n, count in self.facts["missing"].items() if count}
        if not gaps:
            return self.say("no_gaps")
        share = {n: f"{count} ({count / self.facts['n']:.1%})" for n, count in gaps.items()}
        told = self.comma().join(f"{self.column(n)} {s}" for n, s in share.items())
        return self.say("gaps", gaps=told)

    def _methods(self) -> str:
        named = [(self.called(k, "param"), v) for k, v in sorted(self.spec.params.items())]
        settings = self.comma().join(f"{k} = {v}" for k, v in named)
        return self.say("methods", terms=self._terms(), settings=settings, seed=self.spec.seed)

    def _terms(self) -> int:
        return len(self.found.get("coefficients", self.facts["predictors"]))

    def _fairness(self) -> str:
        if "subgroups" not in self.found:
            return self.say("no_fairness")
        groups = self.found["subgroups"]
        names = self.comma().join(self._named(n) for n in dict.fromkeys(groups["group"]))
        held = groups[groups["held"]]["oe"]
        low, high = f"{held.min():.2f}", f"{held.max():.2f}"
        return self.say("fairness", groups=names, low=low, high=high)

    def _flow(self) -> str:
        counts = {"n": self.facts["n"], "events": self.facts["events"]}
        if "lost_before_horizon" not in self.facts:
            return self.say("flow", **counts)
        return self.say("flow_lost", **counts, lost=self.facts["lost_before_horizon"])

    def _formula(self) -> str:
        return self.say("formula", terms=self._terms()) if "coefficients" in self.found else ""

    def _performance(self) -> str:
        lines = [
            f"{self.metric(str(r.metric))} {r.ours:.3f} ({r.low:.3f} - {r.high:.3f})"
            for r in self.found["performance"].itertuples()
        ]
        return self.say("performance", lines=self.comma().join(lines))

    def _compared(self) -> str:
        first = self.found["performance"].iloc[0]
        others = [w for w in ("trivial", "practice", "published") if w in first.index]
        told = [f"{say(f'word.{w}', lang=self.lang)} {first[w]:.3f}" for w in others]
        name, others_told = self.metric(first["metric"]), self.comma().join(told)
        return self.say("compared", metric=name, ours=f"{first['ours']:.3f}", others=others_told)

    def _limits(self) -> str:
        if "lost_before_horizon" not in self.facts:
            return self.say("limits")
        return self.say("limits_followed", lost=self.facts["lost_before_horizon"])
