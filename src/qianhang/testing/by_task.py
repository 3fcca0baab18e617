"""Checks that belong to one kind of task: plans, permutations, look-ahead, citations, groups."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from qianhang import charts, safety
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.results import Plan, Trial
from qianhang.testing.data_checks import inputs_of
from qianhang.testing.subject import Broken, NotApplicable, Subject, same_frames
from qianhang.trial.verdict import judge

__all__ = [
    "alarms_do_not_look_ahead",
    "answers_cite_passages_in_force",
    "checker_catches_broken_plans",
    "every_constant_has_its_source",
    "every_widget_renders",
    "failing_model_is_published_as_such",
    "figures_follow_their_units",
    "plan_is_feasible",
    "row_order_does_not_matter",
    "shuffled_labels_teach_nothing",
    "worst_group_is_shown_and_held",
]

_IDENTIFIER = re.compile(r"[a-z]+( [a-z]+)*")


def plan_is_feasible(subject: Subject) -> None:
    """The plan breaks nothing by the independent checker and costs no more than the baseline."""
    subject.only("optimise")
    problem, spec = _problem(subject), subject.spec
    plan = subject.code.solve(problem, spec=spec)
    if broken := subject.code.violations(problem, plan, spec=spec):
        raise Broken(f"violations() finds {broken[0]}")
    cost = subject.code.cost(problem, plan, spec=spec)
    baseline = subject.code.baseline(problem, spec=spec)
    feasible = not subject.code.violations(problem, baseline, spec=spec)
    other = subject.code.cost(problem, baseline, spec=spec)
    if feasible and cost > other * (1 + 1e-9):
        raise Broken(f"cost {cost:.6g} is above the baseline's {other:.6g}")
    if plan.bound is not None and plan.bound > cost * (1 + 1e-6) + 1e-9:
        raise Broken(f"the proven bound {plan.bound:.6g} is above the cost {cost:.6g}")


def checker_catches_broken_plans(subject: Subject) -> None:
    """The checker refuses the same plan emptied, negated, and scaled far up."""
    subject.only("optimise")
    problem, spec = _problem(subject), subject.spec
    plan = subject.code.solve(problem, spec=spec)
    for name, broken in _break(plan):
        if not subject.code.violations(problem, broken, spec=spec):
            raise Broken(f"violations() accepts a plan that was {name}")


def _problem(subject: Subject) -> Inputs:
    """The sample, or the first instance in it."""
    inputs = inputs_of(subject)
    if not hasattr(subject.code, "problems"):
        return inputs
    problems: dict[str, Inputs] = subject.code.problems(inputs, spec=subject.spec)
    return next(iter(problems.values()))


def _break(plan: Plan) -> Iterator[tuple[str, Plan]]:
    numbers = plan.table.select_dtypes("number").columns
    for name, factor in (("emptied", 0.0), ("negated", -1.0), ("scaled by 50", 50.0)):
        table = plan.table.assign(**{c: plan.table[c].astype(float) * factor for c in numbers})
        yield name, dataclasses.replace(plan, table=table)


def row_order_does_not_matter(subject: Subject) -> None:
    """Answers follow their rows when the rows are asked for in another order."""
    subject.only("classify", "survive", "spatial")
    rows = subject.sample.table.reset_index(drop=True)
    model = subject.trial.model
    shuffled = rows.sample(frac=1.0, random_state=7)
    straight = pd.DataFrame(subject.code.predict(model, rows, spec=subject.spec))
    other = pd.DataFrame(subject.code.predict(model, shuffled, spec=subject.spec)).loc[rows.index]
    if difference := same_frames(straight, other, tolerance=1e-9):
        raise Broken(f"predictions depend on the order of the rows: {difference}")


def shuffled_labels_teach_nothing(subject: Subject) -> None:
    """Trained on shuffled labels, the pack loses what it had gained over knowing nothing."""
    subject.only("classify", "survive", "spatial")
    rng = np.random.default_rng(0)
    table = subject.sample.table
    labels = [
        n for n, c in subject.case.columns.items() if c.role in ("target", "event", "duration")
    ]
    order = rng.permutation(len(table))
    mixed = table.assign(**{n: table[n].to_numpy()[order] for n in labels if n in table})
    metric = subject.case.bar[0].metric
    trial = subject.tried(subject.code, subject.sample.replace(table=mixed))
    ours, real = trial.scores.get(metric), subject.trial.scores.get(metric)
    if ours is None or real is None:
        raise NotApplicable(f"the trial does not score {metric}")
    lower = subject.case.bar[0].at_most is not None
    if (ours <= real) if lower else (ours >= real):
        raise Broken(f"{metric} is {ours:.4g} on shuffled labels, {real:.4g} on true ones: a leak")


def alarms_do_not_look_ahead(subject: Subject) -> None:
    """Alarms up to a moment stay the same when the readings after it are cut off."""
    subject.only("detect")
    inputs = inputs_of(subject)
    model = subject.trial.model
    whole = subject.code.detect(model, inputs, spec=subject.spec)
    cut, moment = _cut(inputs)
    part = subject.code.detect(model, cut, spec=subject.spec)
    early = whole[whole["start"] <= moment].reset_index(drop=True)
    part = part[part["start"] <= moment].reset_index(drop=True)
    columns = [c for c in ("start", "place") if c in early]
    if difference := same_frames(early[columns], part[columns]):
        raise Broken(f"alarms before {moment} change when later readings are cut off: {difference}")


def _cut(inputs: Inputs) -> tuple[Inputs, pd.Timestamp]:
    frames: dict[str, Any] = {}
    moment = None
    for name, value in inputs.items():
        if isinstance(value, pd.DataFrame) and isinstance(value.index, pd.DatetimeIndex):
            moment = value.index[int(len(value) * 0.7)] if moment is None else moment
            frames[name] = value[value.index <= moment]
    if moment is None:
        raise NotApplicable("no readings with a time index")
    return inputs.replace(**frames), moment


def answers_cite_passages_in_force(subject: Subject) -> None:
    """Every hit cites a passage that exists and is in force; nonsense is refused."""
    subject.only("retrieve")
    passages = subject.code.passages(inputs_of(subject), spec=subject.spec)
    valid = passages if "in_force" not in passages else passages[passages["in_force"].astype(bool)]
    known = set(valid["id"].astype(str))
    model = subject.trial.model
    for text in passages["text"].astype(str).head(20):
        answer = subject.code.answer(model, text[:40], spec=subject.spec)
        for hit in answer.hits:
            if str(hit.passage) not in known:
                raise Broken(f"cites {hit.passage!r}, which is not a passage in force")
            if not hit.citation.strip():
                raise Broken(f"passage {hit.passage!r} is cited without a citation")
    if not subject.code.answer(model, "zqxj wvk 0000 %%%", spec=subject.spec).refused:
        raise Broken("answers nonsense instead of refusing it")


def every_constant_has_its_source(subject: Subject) -> None:
    """Every constant says its value, unit, source, version and years, and whether it was read."""
    subject.only("formula")
    held = subject.code.constants(spec=subject.spec)
    if not len(held):
        raise Broken("constants() gives none")
    for constant in held:
        for name in ("unit", "source", "version", "verified"):
            if not str(getattr(constant, name)).strip():
                raise Broken(f"constant {constant.name}: no {name}")
        if not math.isfinite(constant.value) or not constant.low <= constant.value <= constant.high:
            raise Broken(f"constant {constant.name}: {constant.value} is outside its own limits")
        if constant.first > constant.last:
            raise Broken(f"constant {constant.name}: years {constant.first} to {constant.last}")


def figures_follow_their_units(subject: Subject) -> None:
    """The same quantities in other units, and the rows in another order, give the same figures."""
    subject.only("formula")
    inputs, spec = inputs_of(subject), subject.spec
    found = subject.code.compute(inputs, spec=spec)
    for name in ("value", "low", "high", "unit"):
        if name not in found:
            raise Broken(f"compute() gives no column {name}")
    if not (found["unit"].astype(str).str.strip() != "").all():
        raise Broken("a figure without a unit")
    slack = 1e-9 * (1.0 + found["value"].abs())
    outside = (found["low"] > found["value"] + slack) | (found["value"] > found["high"] + slack)
    if outside.any():
        row = found[outside].iloc[0]
        limits = f"{row['low']:g} to {row['high']:g}"
        raise Broken(f"{row['value']:g} lies outside its interval {limits}")
    mixed = inputs.replace(table=inputs.table.iloc[::-1].reset_index(drop=True))
    again = subject.code.compute(mixed, spec=spec)
    first, second = float(found["value"].sum()), float(again["value"].sum())
    if not math.isclose(first, second, rel_tol=1e-9):
        raise Broken(f"the figures add up to {first:g}, with the rows turned round to {second:g}")


def failing_model_is_published_as_such(subject: Subject) -> None:
    """A model no better than its trivial baseline is not accepted."""
    trial = subject.trial
    folds = tuple(dataclasses.replace(f, ours=f.trivial) for f in trial.folds)
    same = Trial(folds, {**trial.scores, **trial.trivial}, trial.trivial)
    if judge(same, subject.case).beats_trivial:
        raise Broken("a model with its baseline's scores counts as beating it")
    if _gate(subject, same, subject.case).stage == "accepted":
        raise Broken("the gate accepts a model with its baseline's scores")


def _gate(subject: Subject, trial: Trial, case: Case) -> safety.Verdict:
    judged = judge(trial, case)
    return safety.gate(
        safety.Facts(
            risk=subject.manifest.risk,
            subject=subject.manifest.subject,
            bars_met=judged.verdict != "unmet",
            beats_trivial=judged.beats_trivial,
            split=case.split.kind if case.split else "none",
            ordered=False,
            duplicates=0,
            calibration=True,
            subgroups=True,
            source="real",
        )
    )


def worst_group_is_shown_and_held(subject: Subject) -> None:
    """Where the manifest names subgroups, each is scored, and a bar holds the worst of them."""
    wanted = subject.manifest.subgroups
    protected = [n for n, c in subject.manifest.columns.items() if c.role == "protected"]
    if not wanted and not protected:
        raise NotApplicable("no subgroups and no protected column")
    if missing := set(protected) - set(wanted):
        raise Broken(f"protected column {missing.pop()!r} is not among subgroups")
    table = subject.trial.tables.get("subgroups")
    if table is None or table.empty:
        raise Broken("the trial gives no table of subgroups")
    text = " ".join(table.reset_index().astype(str).to_numpy().ravel())
    for name in wanted:
        if name not in text and name not in table.columns:
            raise Broken(f"the table of subgroups does not hold {name}")
    if not any("worst" in b.metric or "group" in b.metric for b in subject.case.bar):
        raise Broken("no bar holds the worst group (a metric with `worst` or `group` in its name)")


def every_widget_renders(subject: Subject) -> None:
    """Every widget draws from the sample's tables, its columns named in Chinese and English."""
    page = subject.manifest.page
    for widget in page.widgets:
        kind, _, name = widget.partition(":")
        if kind == "kpi":
            known = {"headline", *(b.metric for c in subject.manifest.case for b in c.bar)}
            if name not in known | set(subject.trial.scores):
                raise Broken(f"widget {widget}: no score {name!r}")
            continue
        name = name.partition(".")[0]  # the rest picks a column of the table
        if name in ("folds", "bars"):
            continue
        if name not in subject.trial.tables:
            have = ", ".join(sorted(subject.trial.tables))
            raise Broken(f"widget {widget}: the trial gives no table {name!r}, only {have}")
        setting = charts.Setting(
            name, columns=subject.case.columns, titles=page.titles, tables=page.tables
        )
        chart = charts.widget(widget, subject.trial.tables[name], setting)
        for lang in ("zh", "en"):
            if len(charts.draw(chart, lang=lang)) < 100:
                raise Broken(f"widget {widget} draws nothing in {lang}")
        for column in chart.table.fields:
            if column.name.zh == column.name.en and _IDENTIFIER.fullmatch(column.name.zh):
                raise Broken(
                    f"widget {widget}: column {column.name.en!r} has no words; name it under "
                    f"[page.titles]"
                )
