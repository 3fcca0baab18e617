"""Prices, statements, usage records and vouchers by the API: the service's figures, one's own."""

import pytest

from qianhang.billing import metering, prices, statements
from qianhang.billing.vouchers import grants

from .test_billing import FORM, amounts, shop  # noqa: F401  # a fixture of the pages' tests

ALL = ("viewer", "pool_operator", "programme_office", "administrator", "scenario_owner")
SCOPES = ("read", "billing")
FACTS = {
    "applicant": {"id": "o1"}, "supplier": {"id": "p1"}, "evidence": ["contract"],
    "contract": {"id": "c1", "signed": "2026-01-01", "yuan": "10000"},
}  # fmt: skip


def test_the_figures_are_the_service_s(shop, signed):  # noqa: F811
    key = signed("viewer", org="o1", scopes=["read"])
    told = key.get("/api/v1/statements/org/o1/2026-03").json()
    found = statements.statement(shop.store, "org:o1", "2026-03")
    assert (told["due"], told["due"]) == (found.due, 8924)
    assert [line["fen"] for line in told["lines"]] == [8924]
    (month,) = key.get("/api/v1/statements").json()["items"]
    assert (month["party"], month["due"], month["issued"]) == ("org:o1", 8924, False)
    (usage,) = key.get("/api/v1/usage-records").json()["items"]
    assert usage["id"] == metering.records(shop.store, org="o1")[0].id
    assert usage["card_seconds"] == "32160"  # 8 cards x 67 min
    assert key.get(f"/api/v1/usage-records/{usage['id']}").json() == usage
    assert "89.24" in key.get("/api/v1/statements/org/o1/2026-03/focus").text
    (voucher,) = key.get("/api/v1/vouchers").json()["items"]
    assert (voucher["left"], voucher["fen"]) == (94_000, 100_000)
    detail = key.get("/api/v1/vouchers/1").json()
    assert [c["fen"] for c in detail["captures"]] == [2700]
    listed = key.get("/api/v1/prices?flavour=ascend-910b&on=2026-03-02").json()["items"]
    assert [(p["yuan"], p["state"]) for p in listed] == [("9.99", "now")] * 2
    assert key.get("/api/v1/statements/org/o1/balance").json()["open"] == 0
    assert amounts("89.24") == {"89.24"}
    assert FORM["contract.id"] == FACTS["contract"]["id"]


@pytest.mark.parametrize(
    "path",
    [
        "/statements/org/o2/2026-03", "/statements/org/o2/2026-03/focus", "/vouchers/2",
        "/statements/org/o2/balance", "/usage-records/a-o2/0/0", "/statements/operator/p2/2026-03",
    ],
)  # fmt: skip
def test_nothing_of_another_organisation_is_there(shop, signed, path):  # noqa: F811
    key = signed(*ALL, org="o1", scopes=SCOPES)
    answer = key.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "QH862")
    for listed in ("usage-records", "vouchers", "voucher-claims", "statements"):
        assert '"o2"' not in key.get(f"/api/v1/{listed}").text


def test_a_claim_is_filed_and_settled_by_three(shop, signed):  # noqa: F811
    owner = signed("scenario_owner", org="o1", scopes=SCOPES)
    body = {"programme": "plain", "facts": FACTS}
    stranger = signed("scenario_owner", org="o2", scopes=SCOPES)
    assert stranger.post("/api/v1/voucher-claims", json=body).status_code == 404
    made = owner.post("/api/v1/voucher-claims", json=body)
    assert (made.status_code, made.json()["fen"]) == (201, 2700)
    again = owner.post("/api/v1/voucher-claims", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "QH575")
    a, b, c = (signed("programme_office", scopes=SCOPES) for _ in range(3))
    batch = a.post("/api/v1/voucher-batches", json={"programme": "plain"}).json()["id"]
    at = f"/api/v1/voucher-batches/{batch}"
    assert a.post(f"{at}/review", json={}).json()["state"] == "reviewed"
    assert a.post(f"{at}/pay", json={}).json()["code"] == "QH578"
    assert b.post(f"{at}/pay", json={}).json()["state"] == "paid"
    taken = {"decisions": [{"claim": 1, "why": "x", "fen": 700}]}
    assert c.post(f"{at}/audit", json=taken).json()["state"] == "audited"
    (claim,) = owner.get("/api/v1/voucher-claims").json()["items"]
    assert (claim["state"], claim["clawed"]) == ("clawed", 700)


def test_a_key_needs_the_scope_of_billing_to_move_money(shop, signed):  # noqa: F811
    key = signed(*ALL, scopes=["read", "run", "plan", "data", "admin"])
    for path in ("/prices", "/voucher-claims", "/voucher-batches", "/voucher-batches/1/pay"):
        assert key.post(f"/api/v1{path}", json={}).json()["code"] == "QH908", path


def test_a_list_is_published_and_a_bill_issued(shop, signed):  # noqa: F811
    key = signed("pool_operator", org="p1", scopes=SCOPES)
    text = (
        'operator = "{}"\nversion = "9"\nsince = 2099-01-01T00:00:00+08:00\n'
        '[[price]]\nflavour = "x"\nunit = "token"\ncategory = "model"\nyuan = "0.5"\n'
    )
    assert key.post("/api/v1/prices", json={"toml": text.format("p2")}).status_code == 404
    made = key.post("/api/v1/prices", json={"toml": text.format("p1")})
    assert made.json()["items"][0]["id"] == "p1/9/1"
    assert len(prices.prices(shop.store, operator="p1")) == 2
    assert key.post("/api/v1/prices", json={"toml": "x = ["}).json()["code"] == "QH561"
    office = signed("programme_office", scopes=SCOPES)
    path = "/api/v1/statements/org/o1/2026-03/issue"
    assert len(office.post(path).json()["sha256"]) == 64
    assert len(grants.grants(shop.store)) == 2
