"""A usage record says what was used and how its times are known, and is kept once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from qianhang.billing import metering
from qianhang.billing.usage import Energy, Proof, model_call, retold
from qianhang.core.errors import BillingError

from .shop import PROVEN, START, hours, keep, usage


def test_quantities_follow_from_cards_and_times():
    """8 cards x 1.5 h = 12 card-hours = 43,200 card-seconds; x 313 TFlops / 1000 = 3.756 PFlops-h."""
    found = usage(end=START + hours(1.5))
    assert found.card_seconds == 43_200
    assert found.quantity("card_hour") == 12
    assert found.pflops_hours == Fraction(3756, 1000)
    shared = usage(cards=Decimal("0.25"), end=START + timedelta(microseconds=1))
    assert shared.card_seconds == Fraction(1, 4_000_000)


def test_energy_is_carried_to_the_site_and_to_carbon():
    """24 kWh at the racks x PUE 1.25 = 30 kWh; x 0.5366 kg/kWh = 16.098 kg."""
    energy = Energy("24", True, "1.25", "meter, 2026-02", "0.5366", "MEE 2022 national average")
    assert energy.facility_kwh == 30
    assert energy.kg_co2 == Decimal("16.098")
    assert usage(energy=energy).told()["energy"]["measured"] is True


@pytest.mark.parametrize(
    "facts", [{"pue": "0.9"}, {"pue": "1.2"}, {"grid_kg": "0.5"}, {"it_kwh": "-1"}]
)
def test_a_figure_without_source_or_sense_is_refused(facts):
    with pytest.raises(BillingError, match="QH553"):
        Energy(**facts)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"proof": Proof("guard file", " ")}, "not proven"),
        ({"end": START - hours(1)}, "ends 2026-03-02T01"),
        ({"end": START}, "ends"),
        ({"start": datetime(2026, 3, 1)}, "time zone"),
        ({"cards": 0}, "counts no cards"),
        ({"cards": -1}, "below zero"),
        ({"unit": "pflops_hour"}, "unit"),
        ({"unit": "token"}, "counts no token"),
        ({"category": "tea"}, "category"),
        ({"epoch": -1}, "count from 0"),
        ({"org": ""}, "org"),
        ({"corrects": "a1/0/0"}, "and why"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_no_record(facts, said):
    with pytest.raises(BillingError, match=f"QH553.*{said}"):
        usage(**{"end": START + hours(1)} | facts)


def test_an_amount_is_never_a_float():
    with pytest.raises(ValueError, match="expected a decimal"):
        usage(cards=0.5)


def test_a_record_is_told_and_read_back_the_same():
    found = usage(energy=Energy("1.5", False, "1.3", "site survey 2025"), epoch=2, sequence=3)
    assert retold(found.told()) == found


def test_the_same_record_is_kept_once_and_another_under_its_id_is_refused(store, now):
    keep(store, usage(), usage(), at=now + hours(99))
    assert metering.records(store) == [usage()]
    with pytest.raises(BillingError, match=r"QH554.*other figures"):
        keep(store, usage(cards=9))
    assert metering.find(store, "a1/0/0") == usage()
    with pytest.raises(BillingError, match="QH554"):
        metering.find(store, "a1/0/9")


def test_a_record_that_ends_in_the_future_has_a_wrong_clock(store):
    with pytest.raises(BillingError, match=r"QH553.*clock"):
        keep(store, usage(), at=START + hours(0.5))


def test_stretches_of_an_attempt_do_not_overlap_whatever_their_epoch(store):
    keep(store, usage(), usage(sequence=1, start=START + hours(1)))
    with pytest.raises(BillingError, match=r"QH554.*covers time that a1/0/1"):
        keep(store, usage(epoch=1, start=START + hours(1.5)))
    keep(store, usage(epoch=1, start=START + hours(2)), usage("a2"))


def test_a_correction_is_a_new_record_that_names_the_old(store):
    keep(store, usage())
    late = START + hours(9)
    shorter = usage(sequence=1, end=START + hours(0.5), corrects="a1/0/0", why="clock was wrong")
    keep(store, shorter, at=late)
    assert metering.newest(store, "a1/0/0") == "a1/0/1"
    assert [r.id for r in metering.records(store, job="job-a1")] == ["a1/0/0", "a1/0/1"]
    for facts, said in (
        ({"corrects": "a1/0/0"}, "has corrected"),
        ({"corrects": "x/0/0"}, "no record"),
    ):
        with pytest.raises(BillingError, match=said):
            keep(store, usage(sequence=2, why="x", **facts), at=late)
    nothing = usage(sequence=2, end=START, corrects="a1/0/1", why="never ran")
    keep(store, nothing, at=late)
    assert metering.newest(store, "a1/0/0") == "a1/0/2"


def test_nothing_is_recorded_of_a_pool_that_is_not_known_to_work(store):
    since = START + hours(0.5)
    with store.write() as tx:
        metering.freeze(tx, "pool-a", since=since, why="no answer", at=since)
        metering.freeze(tx, "pool-a", since=since, why="no answer", at=since)
    assert [f.pool for f in metering.frozen(store)] == ["pool-a"]
    with pytest.raises(BillingError, match=r"QH557.*no answer"):
        keep(store, usage())
    keep(store, usage(end=since), usage("b", pool="pool-b"))
    with store.write() as tx:
        metering.thaw(tx, "pool-a", why="sacct answers", at=START + hours(2))
    keep(store, usage("c"))
    assert metering.frozen(store) == []
    with store.write() as tx:
        metering.freeze(tx, "pool-a", since=START + hours(3), why="again", at=START + hours(3))
    assert len(metering.frozen(store)) == 1


def test_a_model_call_counts_tokens_under_its_own_id(store):
    said = {"org": "o1", "operator": "p1", "pool": "gateway", "proof": PROVEN}
    call = model_call(
        "call-7", count=1200, flavour="qwen.out", start=START, end=START + hours(0), **said
    )
    keep(store, call, call)
    assert (call.quantity("token"), call.category) == (1200, "model")
    assert call.start.tzinfo == UTC
    with pytest.raises(ValueError, match="counts token"):
        call.quantity("card_hour")
