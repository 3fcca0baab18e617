"""What a programme office does with a plan: targets, bulletins, workbooks, work; as claims."""

import hashlib
import io
import itertools
import re

import pytest
from starlette.testclient import TestClient

from qianhang.access import Grant, accounts, organisations, sessions
from qianhang.core.day import day_of
from qianhang.plan import SAMPLE, evidence, items, ledger, review, rules, stated
from qianhang.plan.held import Held
from qianhang.plan.office import agenda, printing
from qianhang.plan.reading.read import read
from qianhang.web.site import now


@pytest.fixture
def office(site):
    """A maker of browsers in which a plan's office is signed in."""
    numbers = itertools.count(1)

    def make(*roles, org="root"):
        number = next(numbers)
        with site.store.write() as tx:
            account = accounts.create(
                tx, f"office{number}", name=f"专班{number}", org=org,
                grants=[Grant(org, r) for r in roles or ("programme_office",)], hashed="x",
                by="tests", at=now(),
            )  # fmt: skip
            _, token = sessions.open(tx, account.id, now=now())
        client = TestClient(
            site.app, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False
        )
        client.cookies.set("qh", token)
        client.cookies.set("qh-lang", "zh")
        return client

    return make


@pytest.fixture
def plan(site):
    """The sample plan, confirmed with its rules."""
    made = ledger.keep(site.store, read(SAMPLE), raw=SAMPLE.read_bytes(), by="张三", at=now()).plan
    review.confirm_all(site.store, made, by="张三", at=now())
    rules.confirm_rules(site.store, made, by="张三", at=now())
    return items.find_plan(site.store, made.ref)


def day():
    return day_of(now()).isoformat()


def record_run(site, scenario="energy.load_forecast"):
    """Evidence of a run that beat its baseline."""
    finding = evidence.Finding(
        "20260101-000000-abcdef", scenario, ("M540",),
        {"beats_trivial": True, "verdict": "met", "source": "public", "stage": "accepted"},
    )  # fmt: skip
    with site.store.write() as tx:
        evidence.record(tx, finding, at=now())


def test_each_component_of_a_reading_is_listed_with_why_it_counts_or_not(site, office, plan):
    record_run(site)
    page = office("viewer").get(f"/plans/{plan.ref}/targets/T1").text
    assert "城市日前负荷预测" in page
    assert "与读数一致" in page


def test_a_run_that_the_reader_may_not_open_is_no_link(site, office, plan):
    """The record of this run lies in nobody's store, so nobody may open it."""
    record_run(site)
    assert "/runs/20260101" not in office("viewer").get(f"/plans/{plan.ref}/targets/T1").text


def test_a_claim_is_told_beside_the_reading_and_never_in_it(site, office, plan):
    client = office()
    sent = {"value": "7", "day": day(), "note": "口头报告"}
    for code in ("T1", "T7"):
        answer = client.post(f"/plans/{plan.ref}/targets/{code}/evidence", data=sent)
        assert answer.status_code == 303
    seen = {e.target: e.grade for e in evidence.evidence(site.store, kind="claim")}
    assert seen == {f"{plan.ref}.T1": "D", f"{plan.ref}.T7": "D"}
    found = {s.item.code: s for s in Held(site.store).standings(plan, on=day_of(now()))}
    assert (found["T7"].reading.value, found["T7"].state) == (None, "no_evidence")


def test_a_document_is_kept_and_counts_as_grade_c(site, office, plan):
    body = b"%PDF-1.4 <script>alert(1)</script>"
    answer = office().post(
        f"/plans/{plan.ref}/targets/T7/evidence", data={"value": "8.5", "day": day()},
        files={"file": ("../证明<b>.pdf", body, "application/pdf")},
    )  # fmt: skip
    assert answer.status_code == 303
    (found,) = evidence.evidence(site.store, target=f"{plan.ref}.T7")
    assert found.grade == "C"
    assert list(found.files.values()) == [hashlib.sha256(body).hexdigest()]
    assert list(found.files) == ["证明<b>.pdf"]
    assert "证明<b>" not in office().get(f"/plans/{plan.ref}/targets/T7").text


def test_only_records_made_for_the_target_are_taken_back_there(site, office, plan):
    record_run(site)
    client = office()
    client.post(f"/plans/{plan.ref}/targets/T7/evidence", data={"value": "8", "day": day()})
    run, claim = (e.seq for e in evidence.evidence(site.store))
    where = f"/plans/{plan.ref}/targets/T7/evidence"
    assert client.post(f"{where}/{run}/retract", data={"why": "错"}).status_code == 400
    assert client.post(f"{where}/{claim}/retract", data={"why": "错"}).status_code == 303
    assert [bool(e.retracted) for e in evidence.evidence(site.store)] == [False, True]


def test_an_override_is_always_shown_as_one_and_ends(site, office, plan):
    client = office()
    where = f"/plans/{plan.ref}/targets/T5"
    wrong = {"state": "met", "reason": "已验收", "expires": "2020-01-01"}
    assert client.post(f"{where}/override", data=wrong).status_code == 400
    assert client.post(f"{where}/override", data=wrong | {"expires": "2999-01-01"}).is_redirect
    page = client.get(where).text
    assert "已验收" in page
    assert "专班1 认定为“已完成”" in page
    assert "人工认定" in client.get(f"/plans/{plan.ref}?by=target").text


def test_a_milestone_moves_what_is_expected(site, office, plan):
    client, where = office(), f"/plans/{plan.ref}/targets/T2/milestones"
    assert client.post(where, data={"day": "2026-12-31", "value": "nan"}).status_code == 422
    assert client.post(where, data={"day": "2026-12-31", "value": "4"}).is_redirect
    (made,) = stated.milestones(site.store, plan, "T2")
    assert (made.value, made.by) == (4.0, "专班1")


def test_a_rule_comes_from_the_suggestions_or_is_written_out_and_never_from_a_file(
    site, office, plan, tmp_path
):
    client, where = office(), f"/plans/{plan.ref}/targets/T3/rule"
    file = tmp_path / "rule.json"
    file.write_text('{"query": {"kinds": ["run"], "aggregate": "count"}}')
    assert client.post(where, data={"written": str(file)}).status_code == 400
    assert client.post(where, data={"name": "no such"}).status_code == 400
    assert client.post(where, data={"written": '{"query": {"kinds": ["x"]}}'}).status_code == 400
    assert client.post(where, data={"name": "any"}).is_redirect
    assert client.post(where, data={"written": file.read_text()}).is_redirect
    rule = rules.rules_of(site.store, plan)["T3"]
    assert (rule.version, rule.query.aggregate) == (3, "count")


def test_a_bulletin_downloads_the_very_bytes_that_were_issued_whatever_happens_after(
    site, office, plan
):
    client = office()
    order = {"period": "2026年第一季度", "day": day(), "issuer": "云泽市专班", "note": "<b>完</b>"}
    assert client.post(f"/plans/{plan.ref}/bulletins", data=order).status_code == 303
    (one,) = printing.issued(site.store, plan)
    first = {k: client.get(f"/plans/{plan.ref}/bulletins/{one.id}/{k}") for k in one.files}
    record_run(site)
    item = items.find_item(site.store, f"{plan.ref}.T1")
    review.reject(site.store, item, by="张三", at=now())
    reader = office("viewer")
    for kind, answer in first.items():
        again = reader.get(f"/plans/{plan.ref}/bulletins/{one.id}/{kind}")
        assert again.content == answer.content
        assert hashlib.sha256(again.content).hexdigest() == one.files[kind]
        assert again.headers["content-disposition"].startswith("attachment")
    assert printing.rebuilt(site.store, one) == {k: a.content for k, a in first.items()}


def test_a_preview_freezes_nothing_and_a_viewer_issues_nothing(site, office, plan):
    page = office().get(f"/plans/{plan.ref}/bulletins?preview=1&issuer=<b>专班")
    assert 'id="preview"' in page.text
    assert "<b>专班" not in page.text
    assert printing.issued(site.store, plan) == ()
    reader = office("viewer")
    assert 'id="preview"' not in reader.get(f"/plans/{plan.ref}/bulletins?preview=1").text
    order = {"period": "x", "day": day()}
    assert reader.post(f"/plans/{plan.ref}/bulletins", data=order).status_code == 403


def test_no_bulletin_is_issued_for_a_day_to_come_or_without_confirmed_targets(site, office, plan):
    client = office()
    order = {"period": "x", "day": "2999-01-01"}
    assert client.post(f"/plans/{plan.ref}/bulletins", data=order).status_code == 400
    for item in items.items(site.store, plan, kind="target"):
        review.reject(site.store, item, by="张三", at=now())
    answer = client.post(f"/plans/{plan.ref}/bulletins", data=order | {"day": day()})
    assert answer.status_code == 400
    assert "QH830" in answer.text


def test_bulletins_of_another_plan_or_an_unknown_format_are_not_there(site, office, plan):
    client = office()
    client.post(f"/plans/{plan.ref}/bulletins", data={"period": "x", "day": day()})
    (one,) = printing.issued(site.store, plan)
    for path in (f"{one.id}/exe", f"{one.id + 1}/txt", f"{one.id}/..%2ftxt"):
        assert 400 <= client.get(f"/plans/{plan.ref}/bulletins/{path}").status_code < 500


def test_a_ledger_goes_out_as_a_workbook_and_comes_back_checked_then_taken(site, office, plan):
    openpyxl = pytest.importorskip("openpyxl")
    client = office()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/plans/{plan.ref}/ledger.xlsx").content))
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[2]}
    row = next(r for r in range(3, 40) if sheet.cell(r, heads["编号"]).value == f"{plan.ref}.T2") \
        if "编号" in heads else next(
            r for r in range(3, 40)
            if f"{plan.ref}.T2" in [c.value for c in sheet[r]]
        )  # fmt: skip
    note = next(c for name, c in heads.items() if name and ("备注" in name or "说明" in name))
    sheet.cell(row, note).value = "进展顺利"
    out = io.BytesIO()
    book.save(out)
    for only in ("true", ""):
        file = {"file": ("台账.xlsx", out.getvalue(), "application/octet-stream")}
        page = client.post(f"/plans/{plan.ref}/ledger", data={"only": only or "false"}, files=file)
        assert page.status_code == 200
        noted = agenda.notes(site.store, plan)
        assert [n.text for n in noted] == ([] if only else ["进展顺利"])


def test_a_file_that_is_no_ledger_is_refused_and_changes_nothing(site, office, plan):
    before = items.items(site.store, plan)
    for body in (b"", b"PK\3\4", b"<svg/>"):
        file = {"file": ("x.xlsx", body, "application/octet-stream")}
        answer = office().post(f"/plans/{plan.ref}/ledger", files=file)
        assert answer.status_code in (400, 422)
    assert items.items(site.store, plan) == before


def test_one_figure_is_shown_only_where_weights_are_set(site, office, plan):
    record_run(site)
    client, where = office(), f"/plans/{plan.ref}"
    assert "加权完成度" not in re.sub(r"<form.*?</form>", "", client.get(where).text, flags=re.S)
    assert client.post(f"{where}/weights", data={"weights": "T1=2 T999=1"}).status_code == 400
    assert client.post(f"{where}/weights", data={"weights": "T1=2"}).is_redirect
    assert "按所设权重加权完成度 25.0%" in client.get(where).text


def test_a_decision_is_closed_once(site, office, plan):
    client, where = office(), f"/plans/{plan.ref}/decisions"
    sent = {"text": "摸清底数", "owner": "市工信局", "due": "2026-03-31", "item": "T1"}
    assert client.post(where, data=sent).is_redirect
    assert client.post(where, data=sent | {"due": "很快"}).status_code == 400
    (made,) = agenda.decisions(site.store, plan)
    assert (made.text, made.item) == ("摸清底数", "T1")
    assert "摸清底数" in client.get(f"/plans/{plan.ref}/timeline").text
    close = {"revision": str(made.revision)}
    assert client.post(f"{where}/{made.id}/done", data=close).is_redirect
    assert client.post(f"{where}/{made.id}/done", data=close).status_code == 409


def test_a_link_by_hand_realises_a_system(site, office, plan):
    client = office()
    free = next(
        i for i in items.items(site.store, plan, kind="system") if i.values["role"] == "build"
    )
    data = {"item": free.code, "kind": "scenario", "name": "<i>一网统管"}
    refused = client.post(f"/plans/{plan.ref}/links", data=data)
    assert refused.status_code == 400
    assert "&lt;i&gt;一网统管" in refused.text
    assert "<i>一网统管" not in refused.text
    data["name"] = "water.leak_detection"
    assert client.post(f"/plans/{plan.ref}/links", data=data).is_redirect
    assert "water.leak_detection" in client.get(f"/plans/{plan.ref}/coverage").text


def test_a_figure_names_its_site_and_run_to_those_alone_who_see_the_run(site, office, plan):
    site.org("alpha", kind="company")
    item = items.find_item(site.store, f"{plan.ref}.T1")
    rules.set_rule(site.store, item, rules.Rule(rules.Query(("figure",), "last")), by="t", at=now())
    ours, theirs = site.run(own="load.csv"), site.run(org="alpha", own="theirs.csv")
    for run, name in ((ours, "东区变电站"), (theirs, "西区变电站")):
        seen = evidence.Observation("figure", name, day_of(now()), 97.5, "%", key=name)
        with site.store.write() as tx:
            evidence.observe(tx, seen, grade="A", by=f"run {run.id}", at=now())
    page = office().get(f"/plans/{plan.ref}/targets/T1").text
    assert f'<a href="/runs/{ours.id}">东区变电站</a>' in page
    assert "其他单位的数据" in page
    assert "西区变电站" not in page
    assert theirs.id not in page


def test_the_rhythm_of_reminders_is_checked_before_it_is_kept(site, office, plan):
    client, where = office(), f"/plans/{plan.ref}/rhythm"
    sent = {"remind": "30,7", "escalate": "1,15,30", "reporting_day": "20", "office": "专班"}
    assert client.post(where, data=sent | {"escalate": "30,1"}).status_code == 400
    assert client.post(where, data=sent | {"reporting_day": "99"}).status_code == 400
    assert client.post(where, data=sent).is_redirect


def test_the_office_of_one_city_cannot_write_another_citys_plan_by_any_route(site, office):
    with site.store.write() as tx:
        one, two = (
            organisations.add_organisation(tx, name, kind="city", by="t", at=now()).id
            for name in ("甲市", "乙市")
        )
    plan = ledger.keep(
        site.store, read(SAMPLE), raw=SAMPLE.read_bytes(), by="张三", at=now(), org=two
    ).plan
    client = office(org=one)
    writes = [
        (route.path, route) for route in _routes(site.app)
        if route.path.startswith("/plans/{ref}") and "POST" in route.methods
    ]  # fmt: skip
    assert len(writes) >= 14
    form = {
        "day": day(), "value": "1", "state": "met", "reason": "x", "expires": "2999-01-01",
        "why": "x", "period": "2026-2028", "title": "x", "text": "x", "owner": "x", "item": "T1",
        "person": "x", "kind": "scenario", "name": "x", "revision": "0", "version": "1",
        "act": "confirm", "remind": "1", "escalate": "1,2,3", "reporting_day": "1",
    }  # fmt: skip
    for path, _ in writes:
        address = path.format(ref=plan.ref, code="T1", seq=1, number=1)
        data = dict(form)
        if path.endswith("/review"):
            data["kind"] = "target"
        files = {"file": ("x.xlsx", b"x")} if path.endswith("/ledger") else None
        assert client.post(address, data=data, files=files).status_code == 404, path


def _routes(app):
    """Every route, those of routers among them."""
    found = []
    for route in app.routes:
        found += getattr(getattr(route, "original_router", None), "routes", None) or [route]
    return [r for r in found if getattr(r, "methods", None)]


def test_standings_are_computed_again_only_after_something_was_written(site, plan, monkeypatch):
    from qianhang.plan import held

    calls = []
    real = held.standings
    monkeypatch.setattr(held, "standings", lambda *a, **k: calls.append(1) or real(*a, **k))
    kept, on = Held(site.store), day_of(now())
    before = kept.standings(plan, on=on)
    assert kept.standings(plan, on=on) is before
    with site.store.write() as tx:
        tx.append("access.session", "x", payload={}, at=now())
    assert kept.standings(plan, on=on) is before
    record_run(site)
    after = kept.standings(plan, on=on)
    assert len(calls) == 2
    values = [next(s.reading.value for s in f if s.item.code == "T1") for f in (before, after)]
    assert values == [None, 1.0]


def test_readings_over_time_are_kept_as_the_figure_shows_them(site, office, plan):
    """One run, today: one reading of one scenario."""
    record_run(site)
    client, own = office("viewer"), f"/plans/{plan.ref}/targets/T1"
    on = re.search(rf"{own}/readings\.csv\?on=([\d-]+)", client.get(own).text)[1]
    text = client.get(f"{own}/readings.csv?on={on}").content.decode("utf-8-sig")
    assert text.splitlines()[1:] == [f"{day()}T00:00:00+08:00,1"]
    assert client.get(f"{own}/readings.xlsx").content[:2] == b"PK"
    assert client.get(f"/plans/{plan.ref}/targets/T5/readings.csv").status_code == 404
