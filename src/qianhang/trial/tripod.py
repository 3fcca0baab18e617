"""The reporting sheet of a prediction model, filled in from the run itself.

Source: Collins and others (2024), TRIPOD+AI statement, BMJ 385:e078378, 27 items; the wording of
the items here is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qianhang.core.manifest import Case
from qianhang.core.spec import Spec

__all__ = ["sheet"]

Facts = Mapping[str, Any]
Frames = Mapping[str, pd.DataFrame]
# number, section, topic
ITEMS = (
    (1, "title", "title"),
    (2, "abstract", "summary"),
    (3, "introduction", "background and intended purpose"),
    (4, "introduction", "objective"),
    (5, "methods", "source of data"),
    (6, "methods", "participants"),
    (7, "methods", "data preparation"),
    (8, "methods", "outcome"),
    (9, "methods", "predictors"),
    (10, "methods", "sample size"),
    (11, "methods", "missing data"),
    (12, "methods", "analytical methods"),
    (13, "methods", "class imbalance"),
    (14, "methods", "fairness"),
    (15, "methods", "model output"),
    (16, "methods", "training versus evaluation"),
    (17, "methods", "ethical approval"),
    (18, "open science", "funding, conflicts, registration, data and code"),
    (19, "patient and public involvement", "patient and public involvement"),
    (20, "results", "participants"),
    (21, "results", "model development"),
    (22, "results", "model specification"),
    (23, "results", "model performance"),
    (24, "results", "model updating"),
    (25, "discussion", "interpretation"),
    (26, "discussion", "limitations"),
    (27, "discussion", "use in current care"),
)
OWNER = "to be added by the owner"


def sheet(spec: Spec, *, facts: Facts, found: Frames) -> pd.DataFrame:
    """One row an item of TRIPOD+AI: item, section, topic, answer, source.

    facts : what the trial counted; found : its tables
    source : "run" (measured here), "manifest" (the pack's promise) or "owner" (still open)
    """
    answers = {
        **_from_manifest(spec),
        **_from_counts(spec, facts),
        **_from_tables(spec, facts, found),
    }
    rows = []
    for item, section, topic in ITEMS:
        answer, source = answers.get(item, (OWNER, "owner"))
        rows.append((item, section, topic, answer, source))
    return pd.DataFrame(rows, columns=["item", "section", "topic", "answer", "source"])


Answers = dict[int, tuple[str, str]]


def _from_manifest(spec: Spec) -> Answers:
    manifest = spec.manifest
    if manifest is None:
        return {}
    case = manifest.find_case(spec.case)
    confirms = manifest.human_role.en if manifest.human_role else "nobody is named"
    texts = {
        1: manifest.title.en,
        2: manifest.summary.en,
        3: f"{manifest.purpose}, subject: {manifest.subject}, risk grade: {manifest.risk}, "
        f"device class: {manifest.device_class or 'none'}",
        4: _promise(case),
        5: f"{case.title.en} (registered data set: {case.dataset or 'own data'})",
        27: f"Who decides: {confirms}",
    }
    return {item: (text, "manifest") for item, text in texts.items()}


def _promise(case: Case) -> str:
    limits = []
    for bar in case.bar:
        if bar.at_least is not None:
            limits.append(f"{bar.metric} at least {bar.at_least:g}")
        if bar.at_most is not None:
            limits.append(f"{bar.metric} at most {bar.at_most:g}")
    return "Promised: " + "; ".join(limits) if limits else "No bar is promised"


def _from_counts(spec: Spec, facts: Facts) -> Answers:
    gaps = {name: count for name, count in facts["missing"].items() if count}
    lost = facts.get("lost_before_horizon")
    follow = "" if lost is None else f", {lost} lost before the horizon"
    followed = facts.get("median_follow_up")
    horizon = f"by {spec.horizon} {_time_unit(spec)}".strip() if spec.horizon else "seen in full"
    texts = {
        6: f"{facts['n']} rows after the contract check and the pack's eligibility rules",
        8: f"Event {horizon}" + (f"; median follow-up {followed:g}" if followed else ""),
        9: ", ".join(_measured(spec, name) for name in facts["predictors"]),
        10: f"{facts['events']} events, {facts['events_per_predictor']:g} per predictor: "
        f"{facts['capacity']}",
        11: _missing(gaps, facts["n"]),
        16: f"{facts['folds']} folds, split by {facts['split']}; {facts['scored']} rows scored, "
        "each by a model that did not see its group",
        20: f"{facts['n']} rows, {facts['events']} events{follow}",
        21: f"Final model: {facts['n']} rows, {facts['events']} events",
    }
    return {item: (text, "run") for item, text in texts.items()}


def _time_unit(spec: Spec) -> str:
    return next((c.unit for c in spec.columns.values() if c.role == "duration"), "")


def _measured(spec: Spec, name: str) -> str:
    unit = spec.columns[name].unit
    return f"{name} ({unit})" if unit else name


def _missing(gaps: Mapping[str, int], rows: int) -> str:
    if not gaps:
        return "No gaps in the predictors"
    listed = ", ".join(f"{n} {count} ({count / rows:.1%})" for n, count in gaps.items())
    return f"Filled from training rows only: {listed}"


def _from_tables(spec: Spec, facts: Facts, found: Frames) -> Answers:
    performance = found["performance"].set_index("metric")
    lines = [
        f"{metric} {row['ours']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        for metric, row in performance.iterrows()
    ]
    answers: Answers = {
        7: ("Terms, fills and centres are learnt inside each fold", "run"),
        12: (_methods(spec, found), "run"),
        13: ("No resampling: probabilities stay calibrated to the cohort", "run"),
        15: ("Probability with 95% limits; no class is assigned", "run"),
        23: ("; ".join(lines) + "; see tables calibration and decision_curve", "run"),
        24: ("None: fitted once on this cohort", "run"),
        25: (_compared(performance), "run"),
        26: (_limits(facts), "run"),
    }
    if "coefficients" in found:
        answers[22] = (f"Table coefficients, {len(found['coefficients'])} terms", "run")
    if "subgroups" in found:
        answers[14] = (_fairness(found["subgroups"]), "run")
    return answers


def _methods(spec: Spec, found: Frames) -> str:
    settings = ", ".join(f"{k} = {v}" for k, v in sorted(spec.params.items()))
    terms = f"{len(found['coefficients'])} terms; " if "coefficients" in found else ""
    return f"{terms}settings: {settings or 'none'}; seed {spec.seed}"


def _compared(performance: pd.DataFrame) -> str:
    """The first metric of every model that was tried on the same rows."""
    first = performance.iloc[0]
    others = [
        f"{who} {first[who]:.3f}"
        for who in ("trivial", "practice", "published")
        if who in performance.columns
    ]
    return f"{performance.index[0]}: ours {first['ours']:.3f}, " + ", ".join(others)


def _fairness(groups: pd.DataFrame) -> str:
    held = groups[groups["held"]]
    spread = f"O/E {held['oe'].min():.2f} to {held['oe'].max():.2f}" if len(held) else "too few"
    names = ", ".join(dict.fromkeys(groups["group"]))
    return f"By {names}: {spread}; see table subgroups"


def _limits(facts: Facts) -> str:
    lost = facts.get("lost_before_horizon", 0)
    death = (
        " Death from other causes counts as censoring." if "lost_before_horizon" in facts else ""
    )
    return (
        f"Internal validation only: no second place or later period was tried. "
        f"{lost} rows were not followed to the horizon.{death}"
    )
