"""The conformance suite: every check on one pack, and the tier that follows."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qianhang.core.errors import MissingExtra, QianhangError
from qianhang.core.pack import Pack
from qianhang.testing import behaviour, by_task, data_checks, promises
from qianhang.testing.subject import Broken, NotApplicable, Subject

__all__ = ["CHECKS", "Found", "examine", "run_check"]

Check = Callable[[Subject], None]

# In the order in which a pack's author wants to hear of them: cheap and plain ones first.
CHECKS: tuple[Check, ...] = (
    promises.manifest_is_whole,
    promises.risk_is_at_its_floor,
    promises.imports_are_clean,
    promises.split_is_not_random,
    data_checks.sample_repeats,
    data_checks.sample_keeps_the_contract,
    data_checks.spoilt_data_are_refused_by_name,
    data_checks.nothing_crosses_the_split,
    behaviour.beats_its_baseline,
    behaviour.feeds_are_figures_of_its_runs,
    behaviour.same_answer_twice,
    behaviour.arguments_stay_untouched,
    behaviour.model_survives_a_fresh_process,
    by_task.plan_is_feasible,
    by_task.checker_catches_broken_plans,
    by_task.row_order_does_not_matter,
    by_task.shuffled_labels_teach_nothing,
    by_task.alarms_do_not_look_ahead,
    by_task.answers_cite_passages_in_force,
    by_task.every_constant_has_its_source,
    by_task.figures_follow_their_units,
    by_task.failing_model_is_published_as_such,
    by_task.worst_group_is_shown_and_held,
    by_task.every_widget_renders,
)


@dataclass(frozen=True, slots=True)
class Found:
    """One check's result on one pack; `state` is passed, failed or na."""

    check: str
    promise: str
    state: str
    detail: str = ""


def run_check(check: Check, subject: Subject) -> Found:
    """The result of one check; whatever the pack throws is a failure with its place named."""
    name, promise = check.__name__, (check.__doc__ or "").strip()
    try:
        check(subject)
    except NotApplicable as cause:
        return Found(name, promise, "na", str(cause))
    except MissingExtra:
        raise
    except (Broken, QianhangError) as cause:
        return Found(name, promise, "failed", str(cause))
    except Exception as cause:
        last = traceback.extract_tb(cause.__traceback__)[-1]
        place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        return Found(name, promise, "failed", f"{type(cause).__name__} at {place}: {cause}")
    return Found(name, promise, "passed")


def examine(pack: Pack) -> Iterator[Found]:
    """Every check on `pack`, one after the other.

    Raises MissingExtra where the pack's libraries are not installed: that says nothing of the pack.
    """
    subject = Subject.of(pack)
    for check in CHECKS:
        yield run_check(check, subject)
