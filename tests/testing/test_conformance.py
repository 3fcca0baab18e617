"""Every check on every pack that is installed, and on a generated pack of every task."""

from __future__ import annotations

import pytest

from qianhang.core.pack import load_pack, packs
from qianhang.core.words import say
from qianhang.testing import CHECKS, TASKS, Subject, examine, run_check, write_pack

_SUBJECTS: dict[str, Subject] = {}


def subject(pack) -> Subject:
    """One subject a pack, so that its trial is made once for all checks."""
    return _SUBJECTS.setdefault(pack.id, Subject.of(pack))


def installed() -> list[object]:
    """Every pack, those with an environment of their own marked with its name."""
    found = []
    for pack in packs():
        extra = pack.manifest.extra
        marks = [pytest.mark.xdist_group(pack.id)]
        marks += [pytest.mark.feed] if extra == "feed" else []
        found.append(pytest.param(pack, marks=marks, id=pack.id))
    return found


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("pack", installed())
def test_every_pack_keeps_every_promise(pack, check):
    found = run_check(check, subject(pack))
    assert found.state != "failed", found.detail


@pytest.mark.parametrize("task", TASKS)
def test_a_generated_pack_passes_as_written(task, tmp_path):
    pack = load_pack(write_pack(tmp_path, industry="industry", name="thing", task=task))
    failed = [(f.check, f.detail) for f in examine(pack) if f.state == "failed"]
    assert failed == []


def test_every_task_has_a_template():
    assert set(TASKS) == {
        "forecast", "classify", "survive", "detect", "optimise", "control", "retrieve", "spatial",
        "formula",
    }  # fmt: skip


def test_every_check_says_its_promise_in_one_sentence():
    for check in CHECKS:
        promise = (check.__doc__ or "").strip()
        assert promise.endswith("."), check.__name__
        assert "\n" not in promise, check.__name__


def test_every_check_has_a_name_in_both_languages():
    for check in CHECKS:
        for lang in ("zh", "en"):
            assert say(f"check.{check.__name__}", lang=lang)
