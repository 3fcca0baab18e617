"""From the fund to the audit: nothing is spent twice, lost, or decided by one person alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from qianhang.billing import ledger
from qianhang.billing.vouchers import Supplier, batches, claims, funds, grants, holds, invariants
from qianhang.core.errors import BudgetError, UsageError

from .conftest import NOW, PLAIN, bill, case, start

OTHER = PLAIN.replace('id = "plain"', 'id = "other"')
GUEST = PLAIN.replace('id = "plain"', 'id = "guest"').replace(
    '"claim.evidence",', '"claim.evidence", "stacking.beside",'
) + 'stacking = { beside = ["plain"] }\n'  # fmt: skip


@pytest.fixture
def do(plain, act):
    """do(function, ..., by=, key=, at=) in a transaction of its own."""

    def call(function, *args, by="clerk", key="", at=NOW, **more):
        with plain.write() as tx:
            return function(tx, *args, act=act(by, key, at), **more)

    return call


@pytest.fixture
def held(do):
    """The number of a hold of 300 yuan for a job expected to cost 1,000."""
    grant = do(grants.grant, "plain", facts=case(), fen=60_000)
    return do(holds.hold, grant, facts=case(), bill=bill(100_000), job="j1")


def whole(store):
    assert invariants.check(store) == []


def test_a_voucher_goes_from_fund_to_payment(plain, do, held):
    """By hand: 30% of 1,000 is held; 30% of 400 + 500 used; the rest of the hold goes back."""
    assert do(holds.capture, held, bill=bill(40_000)) == 12_000
    assert do(holds.capture, held, bill=bill(50_000), last=True) == 15_000
    assert ledger.balance(plain, grants.grant_account(1)) == 60_000 - 27_000
    claim = do(claims.claim, "plain", facts=case())
    batch = do(batches.gather, "plain")
    assert do(batches.review, batch, by="wang") == 27_000
    assert do(batches.pay, batch, by="sun") == 27_000
    assert do(batches.audit, batch, by="zhao", clawed={claim: (2_000, "not used")}) == 2_000
    assert do(claims.recover, "plain", payee="e1", fen=2_000) == 2_000
    assert ledger.balance(plain, claims.paid_account("plain")) == 25_000
    assert [c["state"] for c in claims.claims(plain)] == ["clawed"]
    whole(plain)


def test_a_price_that_rises_is_borne_as_far_as_the_hold_reaches(plain, do, held):
    """By hand: 300 yuan are held; 30% of 1,500 would be 450."""
    assert do(holds.capture, held, bill=bill(150_000)) == 30_000
    with pytest.raises(UsageError, match="hold 1 is closed, expected open"):
        do(holds.capture, held, bill=bill(1_000))
    whole(plain)


def test_a_price_that_falls_leaves_the_rest_to_the_grant(plain, do, held):
    """By hand: 30% of 600 is 180, 120 of 300 go back, 600 - 180 are left."""
    assert do(holds.capture, held, bill=bill(60_000), last=True) == 18_000
    assert ledger.balance(plain, grants.grant_account(1)) == 42_000
    whole(plain)


def test_new_rules_do_not_change_a_grant_made_under_the_old_ones(plain, do):
    grant = do(grants.grant, "plain", facts=case(), fen=60_000)
    assert do(funds.install, PLAIN.replace("percent = 30", "percent = 10")) == 2
    hold = do(holds.hold, grant, facts=case(), bill=bill(100_000))
    assert holds.holds(plain)[hold - 1]["percent"] == 30
    newer = do(grants.grant, "plain", facts=case("c2"), fen=10_000)
    do(holds.hold, newer, facts=case("c2"), bill=bill(100_000))
    assert [h["percent"] for h in holds.holds(plain)] == [30, 10]


def test_the_same_key_is_the_same_deed_and_another_deed_is_refused(plain, do, held):
    assert do(holds.capture, held, bill=bill(40_000), key="once") == 12_000
    assert do(holds.capture, held, bill=bill(40_000), key="once") == 12_000
    assert holds.holds(plain)[0]["captured"] == 12_000
    with pytest.raises(UsageError, match="key 'once' was used for a capture") as caught:
        do(holds.capture, held, bill=bill(41_000), key="once")
    assert caught.value.code == "QH579"
    whole(plain)


def test_the_year_of_an_applicant_and_the_fund_are_caps(plain, do):
    """By hand: 1,000 yuan a year for each of them, 2,000 in all: the third gets nothing."""
    assert do(grants.grant, "plain", facts=case())
    with pytest.raises(BudgetError, match=r"0\.01 yuan asked, 0\.00 yuan left"):
        do(grants.grant, "plain", facts=case("c2"), fen=1)
    do(grants.grant, "plain", facts=case("c3", entity="e2"))
    with pytest.raises(BudgetError, match=r"0\.00 yuan left"):
        do(grants.grant, "plain", facts=case("c4", entity="e3"), fen=1)
    with pytest.raises(BudgetError, match=r"the programme allows 2,000"):
        do(funds.appropriate, "plain", year=2026, fen=1)
    whole(plain)


def test_a_lapsed_grant_goes_back_to_the_fund_and_its_open_hold_still_pays(plain, do, held):
    """By hand: 600 granted, 300 held: 300 lapse; of the hold 120 are used, 180 go to the fund."""
    with pytest.raises(UsageError, match="holds until 2026-06-01"):
        do(grants.expire, 1)
    later = NOW + timedelta(days=93)
    assert grants.lapsed(plain, later) == [1]
    assert do(grants.expire, 1, at=later) == 30_000
    assert do(holds.capture, held, bill=bill(40_000), last=True, at=later) == 12_000
    assert funds.funds(plain)[0].free_fen == 200_000 - 12_000
    with pytest.raises(UsageError, match="expired"):
        do(holds.hold, 1, facts=case(), bill=bill(1_000), at=later)
    whole(plain)


def test_related_parties_are_refused_at_the_grant_and_at_the_hold(plain, do):
    with pytest.raises(UsageError, match="related_party"):
        do(grants.grant, "plain", facts=case(related=("s1",)))
    grant = do(grants.grant, "plain", facts=case(), fen=50_000)
    with pytest.raises(UsageError, match="related_party"):
        do(holds.hold, grant, facts=case(supplier=Supplier("e1")), bill=bill(1_000))
    with pytest.raises(UsageError, match="other_entity"):
        do(holds.hold, grant, facts=case(entity="e2"), bill=bill(1_000))


def test_a_contract_is_not_subsidised_twice_unless_a_programme_says_so(plain, do, held):
    for text, name in ((OTHER, "other"), (GUEST, "guest")):
        do(funds.install, text)
        do(funds.appropriate, name, year=2026, fen=100_000)
    with pytest.raises(UsageError, match=r"double_subsidy \(found plain"):
        do(grants.grant, "other", facts=case())
    assert do(grants.grant, "guest", facts=case(), fen=1_000)
    do(holds.release, held)
    assert do(grants.grant, "other", facts=case(), fen=1_000)
    whole(plain)


def test_supply_and_demand_side_do_not_both_have_a_voucher_on_a_contract(plain, do, held):
    grant = do(grants.grant, "plain", facts=case("c9"), fen=10_000)
    with pytest.raises(
        UsageError, match=r"side_taken \(found plain, expected the side supply only"
    ):
        do(holds.hold, grant, facts=replace(case(), side="supply"), bill=bill(1_000))


def test_vouchers_never_exceed_the_contract(plain, do):
    """By hand: a contract of 100 yuan; 30% of a bill of 900 would be 270."""
    grant = do(grants.grant, "plain", facts=case(), fen=60_000)
    do(holds.hold, grant, facts=case("tiny", 10_000), bill=bill(90_000))
    assert holds.holds(plain)[0]["fen"] == 10_000
    with pytest.raises(BudgetError, match="nothing left to hold for tiny"):
        do(holds.hold, grant, facts=case("tiny", 10_000), bill=bill(90_000))
    whole(plain)


def test_three_different_people_settle_and_none_of_them_filed(plain, do, held):
    do(holds.capture, held, bill=bill(40_000))
    do(claims.claim, "plain", facts=case(), by="filer")
    batch = do(batches.gather, "plain")
    with pytest.raises(UsageError, match="filer filed claim 1 already"):
        do(batches.review, batch, by="filer")
    with pytest.raises(UsageError, match="batch 1 is open, expected reviewed"):
        do(batches.pay, batch, by="sun")
    do(batches.review, batch, by="wang")
    with pytest.raises(UsageError, match="wang is its reviewer already") as caught:
        do(batches.pay, batch, by="wang")
    assert caught.value.code == "QH578"
    do(batches.pay, batch, by="sun")
    for who in ("wang", "sun"):
        with pytest.raises(UsageError, match="already and cannot be its auditor"):
            do(batches.audit, batch, by=who)
    do(batches.audit, batch, by="zhao")
    whole(plain)


def test_a_refused_claim_can_be_made_again(plain, do, held):
    do(holds.capture, held, bill=bill(40_000))
    with pytest.raises(UsageError, match=r"evidence \(found nothing, expected contract"):
        do(claims.claim, "plain", facts=case(evidence=()))
    claim = do(claims.claim, "plain", facts=case())
    batch = do(batches.gather, "plain")
    assert do(batches.review, batch, by="wang", refused={claim: "no seal"}) == 0
    assert ledger.balance(plain, holds.due_account("plain", "e1")) == 12_000
    assert do(claims.claim, "plain", facts=case()) == 2
    whole(plain)


def test_every_deed_stands_in_the_log_with_who_did_it(plain, do, held):
    kinds = [e.kind for e in plain.entries() if e.kind.startswith("voucher.")]
    assert kinds == ["voucher.install", "voucher.appropriate", "voucher.grant", "voucher.hold"]
    told = plain.entries(kind="voucher.hold")[0].payload
    assert (told["by"], told["supplier"], told["fen"]) == ("clerk", "s1", 30_000)
    assert plain.verify().ok


def test_a_row_changed_by_hand_is_found(plain, do, held):
    with plain.write() as tx:
        tx.connection.exec_driver_sql("UPDATE voucher_hold SET captured = 1")
        tx.connection.exec_driver_sql("UPDATE voucher_quota SET granted = 100001")
    found = {f.where: f.what for f in invariants.check(plain)}
    assert found["hold 1"] == "1 fen captured is not the sum of its captures"
    assert "quota plain e1 2026" in found


def test_a_voucher_is_spent_once_from_four_processes(shared, race, act):
    """600 yuan granted, each process wants to hold 300: two succeed, whoever they are."""
    from qianhang.store import Store

    from .conftest import PARTS

    with Store.open(shared, parts=PARTS) as store:
        start(store, act)
        with store.write() as tx:
            grants.grant(tx, "plain", facts=case(), fen=60_000, act=act())

    def work(store, number):
        try:
            with store.write() as tx:
                deed = act(key=f"hold-{number}")
                holds.hold(tx, 1, facts=case(), bill=bill(100_000), act=deed)
        except BudgetError:
            return 1
        return 0

    assert race(work, 4) == [0, 0, 1, 1]
    with Store.open(shared, parts=PARTS) as store:
        assert [h["fen"] for h in holds.holds(store)] == [30_000, 30_000]
        whole(store)


def test_one_key_from_four_processes_is_one_deed(shared, race, act):
    from qianhang.store import Store

    from .conftest import PARTS

    with Store.open(shared, parts=PARTS) as store:
        start(store, act)

    def work(store, number):
        with store.write() as tx:
            deed = act(key="same")
            return grants.grant(tx, "plain", facts=case(), fen=60_000, act=deed)

    assert race(work, 4) == [1, 1, 1, 1]
    with Store.open(shared, parts=PARTS) as store:
        assert len(grants.grants(store)) == 1
        whole(store)
