"""Systems that plans name, and what realises them."""

from datetime import UTC, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.core.pack import cards
from qianhang.plan import coverage, items, review, stated
from qianhang.plan.document import NamedSystem
from qianhang.plan.systems import systems

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TEXT = "云泽市行动方案\n建设智慧供水平台，建设算力平台，依托政务云"


def known(kind):
    """What there is, in place of the platform's own registers."""
    return {"scenario": ("water.leak", "energy.load"), "pool": ("local",)}.get(kind, ())


@pytest.fixture
def plan(ledger, put_plan):
    def system(name, role="build"):
        at = TEXT.index(name)
        return NamedSystem("1", name, "建设", role, name, at, at + len(name))

    found = (system("智慧供水平台"), system("算力平台"), system("政务云", "existing"))
    return put_plan(TEXT, systems=found).plan


def test_every_published_plan_has_its_share_and_the_whole_counts_each_system_once():
    told = {c.plan: c for c in coverage.published({"M001": ["x"]})}
    assert set(told) == set("CHJQZ")
    assert {p for p, c in told.items() if c.realised} == {"H", "J"}
    whole = coverage.named_by({"M001": ["x"]})
    assert len(whole.named) == len(systems())
    assert whole.share == 1 / len(systems())
    assert sum(len(c.named) for c in told.values()) >= len(systems())


def test_packs_realise_systems_of_every_kind_of_plan():
    realised = {}
    for card in cards():
        for mission in card.covers:
            realised.setdefault(mission, []).append(card.id)
    assert set(realised) <= set(systems())
    assert len(coverage.named_by(realised).realised) == len(realised)


def test_an_imported_plan_is_matched_by_name_or_linked_by_hand(ledger, plan):
    found = items.items(ledger, plan, kind="system")
    names = {"智慧供水平台": "M433"}
    told = coverage.of_plan(plan.ref, found, {"M433": ["water.leak"]}, match=names.get)
    assert [(n.code, n.by) for n in told.named] == [("Y1", ("water.leak",)), ("Y2", ())]
    assert told.share == 0.5
    item = items.find_item(ledger, "P1.Y2")
    stated.link(ledger, item, kind="pool", name="local", known=known, by="钱二", at=NOW)
    told = coverage.of_plan(plan.ref, found, {}, links=stated.links(ledger, plan))
    assert [n.by for n in told.named] == [(), ("pool local",)]


def test_a_rejected_system_is_not_asked_for(ledger, plan):
    review.reject(ledger, items.find_item(ledger, "P1.Y1"), by="钱二", at=NOW)
    told = coverage.of_plan(plan.ref, items.items(ledger, plan, kind="system"), {})
    assert [n.name for n in told.named] == ["算力平台"]


def test_a_reviewer_may_set_the_inventory_id(ledger, plan):
    review.edit(ledger, items.find_item(ledger, "P1.Y1"), {"mission": "M433"}, by="钱二", at=NOW)
    found = items.items(ledger, plan, kind="system")
    assert coverage.of_plan(plan.ref, found, {"M433": ["x"]}).named[0].by == ("x",)


def test_a_plan_without_systems_has_no_share():
    assert coverage.of_plan("P1", [], {}).share is None


@pytest.mark.parametrize(
    ("ref", "kind", "name", "says"),
    [
        ("P1.Y1", "magic", "x", "no such kind; expected scenario, pool"),
        ("P1.Y1", "part", "store", "nothing of this kind .* expected scenario, pool"),
        ("P1.Y1", "pool", "nopool", r"there is no pool 'nopool' \(as local\)"),
        ("P1.Y1", "scenario", "water.leek", "did you mean 'water.leak'"),
        ("P1.S1", "pool", "local", "no item"),
    ],
)
def test_a_link_needs_a_system_a_kind_and_a_name_that_are_there(
    ledger, plan, ref, kind, name, says
):
    with pytest.raises(UsageError, match=rf"QH82[16] .*{says}"):
        stated.link(
            ledger, items.find_item(ledger, ref), kind=kind, name=name, known=known, by="a", at=NOW
        )
    assert stated.links(ledger, plan) == ()


def test_a_link_to_what_is_no_longer_there_is_told_and_not_counted(ledger, plan):
    item = items.find_item(ledger, "P1.Y2")
    stated.link(ledger, item, kind="pool", name="local", known=known, by="钱二", at=NOW)
    found = items.items(ledger, plan, kind="system")
    told = coverage.of_plan(
        plan.ref, found, {}, links=stated.links(ledger, plan), known=lambda kind: ()
    )
    assert told.share == 0
    assert [n.unproven for n in told.named] == [(), ("pool local",)]
