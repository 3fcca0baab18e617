"""Drafts become the ledger by named persons, one at a time, nothing lost."""

import os
import threading
from datetime import UTC, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan import items, review, standing

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TEXT = "云泽市行动方案\n模型20个，场景5个"
TARGETS = [{"indicator": "模型", "value": 20.0}, {"indicator": "场景", "value": 5.0}]


@pytest.fixture
def plan(put_plan):
    return put_plan(TEXT, targets=TARGETS).plan


def test_a_confirmed_item_names_who_and_when(ledger, plan):
    review.confirm(ledger, items.find_item(ledger, "P1.T1"), by="钱二", at=NOW)
    found = items.find_item(ledger, "P1.T1")
    assert (found.state, found.by, found.at, found.confirmed) == (
        "confirmed", "钱二", "2026-06-01T08:00:00Z", True,
    )  # fmt: skip


def test_an_edit_keeps_what_was_before(ledger, plan):
    review.edit(
        ledger, items.find_item(ledger, "P1.T1"), {"low": 30, "unit": "款"}, by="钱二", at=NOW
    )
    found = items.find_item(ledger, "P1.T1")
    assert (found.values["low"], found.values["unit"], found.read["low"]) == (30.0, "款", 20.0)
    act = review.history(ledger, plan, "T1")[0]
    assert act.before == {"state": "draft", "by": "", "low": 20.0, "unit": "个"}
    assert act.after == {"state": "edited", "by": "钱二", "low": 30.0, "unit": "款"}


def test_the_second_of_two_who_confirm_gets_one_clear_error(ledger, plan):
    seen = items.find_item(ledger, "P1.T1")
    review.edit(ledger, seen, {"low": 25}, by="钱二", at=NOW)
    with pytest.raises(UsageError, match=r"QH822 P1\.T1 was changed by 钱二 \(edited\)"):
        review.confirm(ledger, seen, by="孙三", at=NOW)
    found = items.find_item(ledger, "P1.T1")
    assert (found.by, found.values["low"], found.revision) == ("钱二", 25.0, 1)
    assert len(review.history(ledger, plan)) == 1


def test_of_many_at_once_exactly_one_wins(ledger, plan):
    seen = items.find_item(ledger, "P1.T1")
    told, gate = [], threading.Barrier(6)

    def act(name):
        gate.wait()
        try:
            review.edit(ledger, seen, {"low": 21 + int(name)}, by=name, at=NOW)
            told.append(name)
        except UsageError as cause:
            told.append(cause.code)

    threads = [threading.Thread(target=act, args=(str(n),)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    winners = [t for t in told if t != "QH822"]
    assert len(winners) == 1
    assert told.count("QH822") == 5
    assert items.find_item(ledger, "P1.T1").values["low"] == 21 + int(winners[0])


def test_two_processes_cannot_both_confirm(ledger, plan):
    seen = items.find_item(ledger, "P1.T1")
    children = []
    for name in ("甲", "乙"):
        pid = os.fork()
        if not pid:
            try:
                review.confirm(ledger, seen, by=name, at=NOW)
                os._exit(0)
            except UsageError as cause:
                os._exit(22 if cause.code == "QH822" else 1)
            except BaseException:
                os._exit(1)
        children.append(pid)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
    assert codes == [0, 22]


def test_nothing_unconfirmed_or_rejected_is_read(ledger, plan):
    assert standing.standings(ledger, plan, on=NOW.date()) == ()
    review.confirm(ledger, items.find_item(ledger, "P1.T1"), by="钱二", at=NOW)
    review.reject(ledger, items.find_item(ledger, "P1.T2"), by="钱二", at=NOW, why="重复")
    assert [s.item.ref for s in standing.standings(ledger, plan, on=NOW.date())] == ["P1.T1"]
    with pytest.raises(UsageError, match="QH823"):
        standing.standing(ledger, items.find_item(ledger, "P1.T2"), on=NOW.date())


def test_confirm_all_leaves_what_a_person_decided(ledger, plan):
    review.reject(ledger, items.find_item(ledger, "P1.T2"), by="钱二", at=NOW)
    assert review.confirm_all(ledger, plan, by="孙三", at=NOW) == 1
    states = {i.code: i.state for i in items.items(ledger, plan)}
    assert states == {"T1": "confirmed", "T2": "rejected"}
    assert items.find_plan(ledger, "P1").state == "confirmed"


def test_an_old_look_cannot_be_confirmed_after_a_confirm_all(ledger, plan):
    seen = items.find_item(ledger, "P1.T1")
    review.confirm_all(ledger, plan, by="孙三", at=NOW)
    with pytest.raises(UsageError, match="QH822"):
        review.reject(ledger, seen, by="钱二", at=NOW)


def test_an_item_of_an_older_version_cannot_be_confirmed(ledger, plan, put_plan):
    seen = items.find_item(ledger, "P1.T1")
    put_plan(TEXT + "。", targets=TARGETS)
    review.confirm(ledger, items.find_item(ledger, "P1.T1"), by="钱二", at=NOW)
    assert items.items(ledger, plan, version=1)[0].state == "draft"
    assert seen.version == 1


@pytest.mark.parametrize(
    "values",
    [
        {"colour": "red"}, {"comparator": "about"}, {"low": "many"}, {"low": float("nan")},
        {"deadline": 20270}, {"low": 9, "high": 3},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused(ledger, plan, values):
    with pytest.raises(UsageError, match="QH823"):
        review.edit(ledger, items.find_item(ledger, "P1.T1"), values, by="钱二", at=NOW)
    assert items.find_item(ledger, "P1.T1").state == "draft"


def test_nobody_confirms_without_a_name(ledger, plan):
    with pytest.raises(UsageError, match="QH823"):
        review.confirm(ledger, items.find_item(ledger, "P1.T1"), by="", at=NOW)


def test_a_heading_is_corrected_once(ledger, plan):
    new = review.edit_heading(ledger, plan, {"region": "云泽市"}, by="钱二", at=NOW)
    assert (new.region, new.state) == ("云泽市", "confirmed")
    with pytest.raises(UsageError, match="QH822"):
        review.edit_heading(ledger, plan, {"region": "别处"}, by="孙三", at=NOW)


def test_confirming_all_twice_is_one_act(ledger, plan):
    assert review.confirm_all(ledger, plan, by="钱二", at=NOW) == 2
    assert review.confirm_all(ledger, plan, by="孙三", at=NOW) == 0
    assert [a.by for a in review.history(ledger, plan)] == ["钱二"]
    assert items.find_plan(ledger, "P1").revision == 1


def test_a_plan_issued_again_meanwhile_is_not_confirmed_unseen(ledger, plan, put_plan):
    put_plan(f"{TEXT}。", targets=TARGETS)
    with pytest.raises(UsageError, match="QH822 P1: the plan was issued again"):
        review.confirm_all(ledger, plan, by="钱二", at=NOW)


def test_an_edit_without_values_is_no_edit(ledger, plan):
    item = items.find_item(ledger, "P1.T1")
    assert review.edit(ledger, item, {}, by="钱二", at=NOW) == item
    assert items.find_item(ledger, "P1.T1") == item
    assert review.history(ledger, plan) == ()
