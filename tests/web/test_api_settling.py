"""Wallets, grants, funds and settlement by the API: what the pages do, to the fen, by their roles."""

import pytest

from qianhang.billing import wallet
from qianhang.billing.vouchers import funds, grants

from .browser.money import PROGRAMME
from .test_api_billing import FACTS, SCOPES
from .test_billing import act, case, shop  # noqa: F401  # a fixture of the pages' tests

MONTH = "/api/v1/settlement/months/2026-03"


def test_a_wallet_is_filled_once_for_a_reference_and_pays_a_bill(shop, signed):  # noqa: F811
    """100.00 comes in, the bill is 89.24: 10.76 are left."""
    office = signed("programme_office", scopes=SCOPES)
    at, sent = "/api/v1/statements/org/o1", {"fen": 10_000, "reference": "slip-1"}
    assert office.post(f"{at}/balance", json=sent).json()["wallet"] == 10_000
    assert office.post(f"{at}/balance", json=sent).json()["wallet"] == 10_000
    other = office.post(f"{at}/balance", json=sent | {"fen": 20_000})
    assert (other.status_code, other.json()["code"]) == (422, "QH551")
    assert wallet.wallet(shop.store, "o1").fen == 10_000
    own = signed("administrator", org="o1", scopes=SCOPES)
    early = own.post(f"{at}/2026-03/payment")
    assert (early.status_code, early.json()["code"]) == (422, "QH563")
    assert office.post(f"{at}/2026-03/issue").status_code == 200
    paid = own.post(f"{at}/2026-03/payment").json()
    assert (paid["wallet"], paid["paid"], paid["open"], paid["months"]) == (
        1076, 8924, 0, ["2026-03"],
    )  # fmt: skip
    assert own.get(f"{at}/balance").json() == paid


@pytest.mark.parametrize(
    ("roles", "org", "path", "status"),
    [
        (("administrator",), "o1", "/statements/org/o1/balance", 403),
        (("programme_office",), "root", "/statements/org/o1/2026-03/payment", 403),
        (("administrator",), "o2", "/statements/org/o1/2026-03/payment", 404),
        (("administrator",), "o1", "/vouchers", 403),
        (("administrator",), "o1", "/vouchers/expiry", 403),
        (("administrator",), "o1", "/voucher-programmes/plain/fund", 403),
        (("administrator",), "o1", "/settlement/months/2026-03/issue", 403),
        (("pool_operator",), "p1", "/settlement/months/2026-03/settle", 403),
    ],
)
def test_money_is_moved_by_nobody_else(shop, signed, roles, org, path, status):  # noqa: F811
    body = {
        "/vouchers": {"programme": "plain", "facts": FACTS},
        "/voucher-programmes/plain/fund": {"year": 2026, "fen": 100},
        "/statements/org/o1/balance": {"fen": 100, "reference": "x"},
    }.get(path, {})
    answer = signed(*roles, org=org, scopes=SCOPES).post(f"/api/v1{path}", json=body)
    assert answer.status_code == status
    assert wallet.wallet(shop.store, "o1").fen == 0
    assert len(grants.grants(shop.store)) == 2


def test_the_office_funds_a_programme_and_grants_by_its_rules(shop, signed):  # noqa: F811
    """100,000 yuan less two vouchers of 1,000 are free; 5,000 more come; a third voucher of 500."""
    office = signed("administrator", scopes=SCOPES)
    at = "/api/v1/voucher-programmes/plain"
    before = office.get(at).json()["funds"]
    funded = office.post(f"{at}/fund", json={"year": 2026, "fen": 500_000}).json()
    (year,) = funded["funds"]
    assert (year["fen"] - before[0]["fen"], year["free"] - before[0]["free"]) == (500_000, 500_000)
    case = FACTS | {"contract": FACTS["contract"] | {"id": "c9"}}
    body = {"programme": "plain", "facts": case, "fen": 50_000}
    made = office.post("/api/v1/vouchers", json=body)
    assert (made.status_code, made.json()["fen"], made.json()["left"]) == (201, 50_000, 50_000)
    assert office.get(f"/api/v1/vouchers/{made.json()['id']}").json() == made.json()
    wrong = office.post("/api/v1/vouchers", json=body | {"facts": {"applicant": {}}})
    assert 400 <= wrong.status_code < 500
    greedy = body | {"fen": 10**12}
    assert office.post("/api/v1/vouchers", json=greedy).json()["code"] == "QH575"
    nobody = office.post("/api/v1/voucher-programmes/none/fund", json={"year": 2026, "fen": 1})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "QH572")


def test_the_same_grant_sent_twice_is_one_voucher(shop, signed):  # noqa: F811
    office = signed("administrator", scopes=SCOPES)
    case = FACTS | {"contract": FACTS["contract"] | {"id": "c8"}}
    body = {"programme": "plain", "facts": case, "fen": 100}
    once = {"Idempotency-Key": "a"}
    ids = {office.post("/api/v1/vouchers", json=body, headers=once).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(grants.grants(shop.store)) == 3


def test_vouchers_whose_time_is_over_go_back_to_their_funds(shop, signed):  # noqa: F811
    """One of March that held for a month: its 300.00 are free again."""
    text = PROGRAMME.replace('"plain"', '"short"') + "validity = { months = 1 }\n"
    text = text.replace('"fund.per_year_cny"', '"fund.per_year_cny", "validity.months"')
    with shop.store.write() as tx:
        funds.install(tx, text, act=act("s1"))
        funds.appropriate(tx, "short", year=2026, fen=100_000, act=act("s2"))
        grants.grant(tx, "short", facts=case("o1", "c5"), fen=30_000, act=act("s3"))
    office = signed("administrator", scopes=SCOPES)
    at = "/api/v1/voucher-programmes/short"
    assert office.get(at).json()["funds"] == [{"year": 2026, "fen": 100_000, "free": 70_000}]
    assert office.post("/api/v1/vouchers/expiry").json() == {"items": [{"id": 3, "fen": 30_000}]}
    assert office.get(at).json()["funds"][0]["free"] == 100_000
    assert office.post("/api/v1/vouchers/expiry").json() == {"items": []}


def test_a_month_is_issued_and_settled_between_operators(shop, signed):  # noqa: F811
    """Each operator earned 89.24 less a tenth, 80.32; the platform collected 178.48 and keeps
    17.84, so that it pays each 80.32."""
    office = signed("programme_office", scopes=SCOPES)
    before = office.get(MONTH).json()
    assert (before["over"], before["ready"], before["settled"]) == (True, False, False)
    assert before["customers"] == {"count": 2, "issued": 0, "due": 17_848}
    assert office.post(f"{MONTH}/settle").json()["code"] == "QH558"
    ready = office.post(f"{MONTH}/issue").json()
    assert (ready["ready"], ready["net"]) == (True, {"p1": -8032, "p2": -8032, "platform": 16_064})
    assert sorted((t["payer"], t["payee"], t["fen"]) for t in ready["transfers"]) == [
        ("platform", "p1", 8032), ("platform", "p2", 8032),
    ]  # fmt: skip
    assert office.post(f"{MONTH}/settle").json()["settled"] is True
    (line,) = office.get("/api/v1/settlement/months").json()["items"]
    assert line == {"month": "2026-03", "due": 16_064, "issued": 2, "settled": True}
    owed = office.get("/api/v1/settlement/operators").json()["items"]
    assert [(o["operator"], o["charged"], o["settled"]) for o in owed] == [
        ("p1", 0, 8032), ("p2", 0, 8032),
    ]  # fmt: skip
    own = signed("pool_operator", org="p1", scopes=SCOPES)
    seen = own.get(MONTH).json()
    assert ([o["party"] for o in seen["operators"]], seen["customers"], seen["net"]) == (
        ["operator:p1"], None, {},
    )  # fmt: skip
    assert [o["operator"] for o in own.get("/api/v1/settlement/operators").json()["items"]] == [
        "p1"
    ]


def test_a_batch_tells_its_claims_its_next_step_and_ones_own_part(shop, signed):  # noqa: F811
    signed("scenario_owner", org="o1", scopes=SCOPES).post(
        "/api/v1/voucher-claims", json={"programme": "plain", "facts": FACTS}
    )
    office, other = (signed("programme_office", scopes=SCOPES) for _ in range(2))
    batch = office.post("/api/v1/voucher-batches", json={"programme": "plain"}).json()["id"]
    at = f"/api/v1/voucher-batches/{batch}"
    told = office.get(at).json()
    assert (told["step"], told["held"], [c["fen"] for c in told["claims"]]) == (
        "review",
        "",
        [2700],
    )
    office.post(f"{at}/review", json={})
    assert (office.get(at).json()["step"], office.get(at).json()["held"]) == ("pay", "reviewer")
    assert other.get(at).json()["held"] == ""
    assert office.get("/api/v1/voucher-batches/99").status_code == 404
