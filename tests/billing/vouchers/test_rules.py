"""Who may have what: each reason by its code, each amount by hand."""

from dataclasses import replace
from datetime import date

import pytest

from qianhang.billing.vouchers import (
    Applicant,
    Bill,
    Contract,
    Facts,
    Line,
    Spent,
    Supplier,
    claimable,
    eligible,
    named,
    stack,
    worth,
)

BEIJING = Facts(
    Applicant("e1", "北京市", "enterprise", "small"),
    Supplier("s1", "北京市", lists=("beijing-2023",)),
    Contract("c1", date(2024, 1, 1), 100_000_00, paid_fen=100_000_00, months=12),
    date(2024, 2, 1),
    use="training",
    evidence=("contract", "invoice", "delivery"),
)


def codes(refusals):
    return [r.code for r in refusals]


def test_a_case_that_fits_has_nothing_against_it():
    assert eligible(named("beijing-2023"), BEIJING) == ()
    assert claimable(named("beijing-2023"), BEIJING) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"applicant": Applicant("e1", "上海市", "enterprise")}, "region"),
        ({"applicant": Applicant("e1", "北京市", "maker")}, "kind"),
        ({"applicant": Applicant("e1", "北京市", "enterprise", related=("s1",))}, "related_party"),
        ({"applicant": Applicant("s1", "北京市", "enterprise")}, "related_party"),
        ({"supplier": Supplier("s1")}, "supplier_not_listed"),
        ({"use": "testing"}, "use"),
        ({"charges": ("storage", "network")}, "charge"),
        ({"contract": replace(BEIJING.contract, signed=date(2023, 8, 31))}, "contract_too_old"),
        ({"contract": replace(BEIJING.contract, months=13)}, "contract_too_long"),
        ({"contract": replace(BEIJING.contract, subsidies=("x",))}, "double_subsidy"),
    ],
)
def test_one_thing_wrong_is_the_one_reason(change, code):
    assert codes(eligible(named("beijing-2023"), replace(BEIJING, **change))) == [code]


def test_every_reason_is_told_at_once():
    bad = replace(BEIJING, use="testing", supplier=Supplier("s1"))
    assert codes(eligible(named("beijing-2023"), bad)) == ["supplier_not_listed", "use"]


def test_a_claim_lists_each_missing_paper():
    found = claimable(named("beijing-2023"), replace(BEIJING, evidence=("invoice",)))
    assert [(r.code, r.expected) for r in found] == [
        ("evidence", "contract"),
        ("evidence", "delivery"),
    ]


def test_a_programme_without_a_share_refuses_rather_than_guesses():
    found = eligible(named("guizhou-2023"), replace(BEIJING, pool_region="贵州省"))
    assert codes(found) == ["not_stated"]


def test_a_claim_of_scale_needs_the_third_partys_figure():
    facts = replace(BEIJING, pool_region="庆阳市", evidence=("electricity", "verification"))
    programme = named("qingyang-target")
    assert codes(claimable(programme, replace(facts, pflops=2_499))) == [
        "not_stated",
        "not_verified",
    ]
    assert codes(claimable(programme, replace(facts, pflops=2_500))) == ["not_stated"]


def test_henan_takes_sites_by_kind_and_scale():
    """At least 100 P for an AI centre, 1,000 racks for a data centre, any supercomputing centre."""
    programme = named("henan-2025")

    def case(kind, pflops=0, racks=0):
        supplier = Supplier("s1", kind=kind, pflops=pflops, racks=racks)
        return codes(eligible(programme, replace(BEIJING, supplier=supplier)))

    assert case("supercomputing_centre") == []
    assert case("ai_centre", pflops=100) == []
    assert case("ai_centre", pflops=99, racks=5_000) == ["supplier_scale"]
    assert case("data_centre", racks=1_000) == []
    assert case("") == ["supplier_scale"]


def bill(compute, **more):
    return Bill((Line("compute", compute), Line("storage", 50_00)), **more)


def test_storage_and_network_are_not_borne_and_fen_round_down():
    """By hand: 20% of 1.01 yuan of compute is 20.2 fen; the contract leaves far more."""
    assert worth(named("beijing-2023"), bill(101, contract_fen=10_000)) == 20


def test_the_contract_and_the_year_cap_what_a_programme_gives():
    """By hand: 20% of 10,000 yuan is 2,000; 1,990 are gone; 2 million a year less 1,999,995."""
    programme = named("beijing-2023")
    cost = bill(1_000_000, contract_fen=1_000_000)
    assert worth(programme, cost) == 200_000
    assert worth(programme, cost, Spent(contract_fen=199_000)) == 1_000
    assert worth(programme, cost, Spent(entity_year_fen=199_999_500)) == 500


def test_hangzhou_gives_by_chip_size_and_class():
    """30% domestic, 20% other, 50% for small ones up to 500,000 yuan a year, 15% when matched."""
    programme = named("hangzhou-2025")
    assert worth(programme, bill(10_000, chips="domestic")) == 3_000
    assert worth(programme, bill(10_000, chips="other")) == 2_000
    small = {"chips": "other", "size": "small"}
    assert worth(programme, bill(10_000, year_fen=50_000_000, **small)) == 5_000
    assert worth(programme, bill(10_000, year_fen=50_000_100, **small)) == 2_000
    assert worth(programme, bill(10_000, chips="domestic", classes=("matched",))) == 1_500


def test_two_vouchers_stack_up_to_the_ceiling_and_strangers_do_not():
    """By hand, on 10,000 fen: domestic 30% + 30% = 60%; other chips 10% + 20% = 30%."""
    pair = [named("hangzhou-2025"), named("zhineng-2025")]
    facts = replace(BEIJING, chips="domestic")
    shares = stack(pair, facts, Bill((Line("compute", 10_000),), chips="domestic"))
    assert [(s.programme, s.fen) for s in shares] == [
        ("zhineng-2025", 3_000),
        ("hangzhou-2025", 3_000),
    ]
    shares = stack(pair, replace(BEIJING, chips="other"), Bill((Line("compute", 10_000),)))
    assert [s.fen for s in shares] == [1_000, 2_000]
    other = [named("chengdu-2025"), named("shenzhen-2024")]
    shares = stack(other, facts, Bill((Line("compute", 10_000),), contract_fen=10_000))
    assert [s.fen for s in shares] == [6_000, 0]
    assert codes(shares[1].refusals) == ["double_subsidy"]


def test_hangzhous_small_firms_stay_below_the_ceiling_beside_the_other_voucher():
    """By hand: other chips, 50% for a small firm, but 30% together with 10% before it leaves 20%."""
    pair = [named("hangzhou-2025"), named("zhineng-2025")]
    small = Bill((Line("compute", 10_000),), size="small", year_fen=10_000)
    shares = stack(pair, replace(BEIJING, chips="other"), small)
    assert [s.fen for s in shares] == [1_000, 2_000]


def test_a_model_voucher_bears_model_calls_alone():
    cost = Bill((Line("model", 10_000), Line("compute", 9_999)), contract_fen=1_000_000)
    assert worth(named("shanghai-model-2025"), cost) == 5_000
