"""Pages of plans: who sees and who changes what, and that what is shown is what is there."""

import html
import io
import itertools
import re
import zipfile
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from qianhang.access import Grant, accounts, organisations, sessions
from qianhang.core.day import day_of
from qianhang.plan import SAMPLE, items, ledger, review, stated
from qianhang.plan.reading.read import read, read_text
from qianhang.web.site import now

PAGES = ("", "/review", "/timeline", "/work", "/coverage", "/bulletins", "/versions", "/targets/T1")


@pytest.fixture
def signed(site):
    """signed(role ..., org=, name=, lang=) -> a browser of a fresh account; follows no redirect."""
    numbers = itertools.count(1)

    def make(*roles, org="root", name="", lang="zh"):
        number = next(numbers)
        with site.store.write() as tx:
            account = accounts.create(
                tx, f"reader{number}", name=name or f"Reader {number}", org=org,
                grants=[Grant(org, role) for role in roles], hashed="x", by="tests", at=now(),
            )  # fmt: skip
            _, token = sessions.open(tx, account.id, now=now())
        client = TestClient(
            site.app, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False
        )
        client.cookies.set("qh", token)
        client.cookies.set("qh-lang", lang)
        return client

    return make


def organisation(site, name, *, kind="city"):
    """The id of a new organisation below root; a company is sealed."""
    with site.store.write() as tx:
        return organisations.add_organisation(tx, name, kind=kind, by="tests", at=now()).id


def kept(site, *, org="root", path=SAMPLE, confirmed=True):
    """The sample plan in the ledger of an organisation."""
    plan = ledger.keep(
        site.store, read(path), raw=path.read_bytes(), by="张三", at=now(), org=org
    ).plan
    if confirmed:
        review.confirm_all(site.store, plan, by="张三", at=now(), kinds=("section", "target"))
    return items.find_plan(site.store, plan.ref)


def plan_of(text, site, *, name="计划.txt", org="root"):
    document = read_text(text, file=name)
    return ledger.keep(site.store, document, raw=text.encode(), by="张三", at=now(), org=org).plan


def settled(client, item, act, *, revision=None, htmx=False, **more):
    """The answer to one act of review."""
    data = {
        "act": act, "version": item.version,
        "revision": item.revision if revision is None else revision,
    }  # fmt: skip
    headers = {"HX-Request": "true"} if htmx else {}
    where = f"/plans/P{item.plan}/items/{item.code}"
    return client.post(where, data=data | more, headers=headers)


def shown(page):
    """The text of a page as a reader sees it."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_a_plan_opens_in_both_languages(site, signed, lang):
    plan = kept(site)
    client = signed("programme_office", lang=lang)
    for path in ("/plans", "/plans/import", *(f"/plans/{plan.ref}{p}" for p in PAGES)):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "style=" not in page.text, path
        assert "<script>" not in page.text, path
    for view in ("unit", "target"):
        assert client.get(f"/plans/{plan.ref}?by={view}").status_code == 200


def test_a_viewer_reads_a_plan_and_changes_nothing(site, signed):
    plan, client = kept(site), signed("viewer")
    item = items.find_item(site.store, f"{plan.ref}.T1")
    assert client.get(f"/plans/{plan.ref}/review").status_code == 200
    assert settled(client, item, "reject").status_code == 403
    own = f"/plans/{plan.ref}"
    today = day_of(now()).isoformat()
    forms = {
        f"{own}/review": {}, f"{own}/weights": {"weights": "T1=1"},
        f"{own}/targets/T1/milestones": {"day": today, "value": "1"},
        f"{own}/targets/T1/override": {"state": "met", "reason": "x", "expires": "2999-01-01"},
        f"{own}/targets/T1/rule": {"name": "any"},
        f"{own}/targets/T1/evidence": {"value": "1", "day": today},
        f"{own}/bulletins": {"period": "Q1", "day": today},
        f"{own}/meetings": {"title": "x", "day": today},
        f"{own}/decisions": {"text": "x", "owner": "y"},
        f"{own}/owners": {"item": "T1", "person": "y"},
        f"{own}/links": {"item": "Y1", "kind": "scenario", "name": "x"},
        f"{own}/heading": {"revision": "0", "title": "x"},
        "/plans/import": {"org": "root"},
    }  # fmt: skip
    for path, data in forms.items():
        assert client.post(path, data=data).status_code == 403, path
    assert items.find_item(site.store, item.ref) == item
    assert client.get(f"{own}/items/T1/edit").status_code == 403


def test_nobody_without_a_session_sees_a_plan(site):
    plan = kept(site)
    page = site.another().get(f"/plans/{plan.ref}", follow_redirects=False)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/sign-in")


def test_two_organisations_never_see_each_others_plans(site, signed):
    one, two = organisation(site, "甲公司", kind="company"), organisation(site, "乙市")
    plan = kept(site, org=one)
    ours, theirs = signed("programme_office", org=one), signed("programme_office", org=two)
    above = signed("programme_office", "viewer")
    assert ours.get(f"/plans/{plan.ref}").status_code == 200
    for client in (theirs, above):
        for path in PAGES:
            assert client.get(f"/plans/{plan.ref}{path}").status_code == 404, path
        assert plan.title not in client.get("/plans").text
        assert client.get(f"/plans/compare?plan={plan.ref}&plan={plan.ref}").status_code == 404
        item = items.find_item(site.store, f"{plan.ref}.T1")
        assert settled(client, item, "reject").status_code == 404
        assert client.get(f"/plans/{plan.ref}/source?at=T1").status_code == 404
        assert client.get(f"/plans/{plan.ref}/ledger.xlsx").status_code == 404


def test_a_plan_of_those_above_is_read_below_but_written_only_above(site, signed):
    plan, city = kept(site), organisation(site, "云泽市")
    client = signed("programme_office", org=city)
    item = items.find_item(site.store, f"{plan.ref}.T1")
    assert client.get(f"/plans/{plan.ref}").status_code == 200
    assert settled(client, item, "reject").status_code == 403


def test_the_same_document_of_two_organisations_is_two_plans(site, signed):
    one, two = organisation(site, "甲市"), organisation(site, "乙市")
    first, second = kept(site, org=one), kept(site, org=two)
    assert first.id != second.id
    assert first.version == second.version == 1


def test_a_title_or_an_odd_reference_is_no_address_of_a_plan(site, signed):
    plan, client = kept(site), signed("viewer")
    for ref in (plan.title, "1", "p1", "P01", "P1 ", "P99", "P1%00"):
        assert client.get(f"/plans/{ref}").status_code == 404, ref
    for code in ("t1", "T01", "T999", "K1", "X1"):
        assert client.get(f"/plans/{plan.ref}/targets/{code}").status_code == 404, code


def test_an_item_is_confirmed_edited_and_rejected_under_the_persons_name(site, signed):
    plan = kept(site, confirmed=False)
    client = signed("programme_office", name="李四")
    target = items.find_item(site.store, f"{plan.ref}.T1")
    assert settled(client, target, "confirm").status_code == 303
    new = items.find_item(site.store, target.ref)
    assert (new.state, new.by, new.revision) == ("confirmed", "李四", 1)
    units = {"units.responsible": "甲局、乙局", "units.lead": "甲局", "title": "新任务"}
    task = items.find_item(site.store, f"{plan.ref}.K1")
    settled(client, task, "edit", **units, due="2027年底", section=task.section)
    new = items.find_item(site.store, task.ref)
    assert new.state == "edited"
    assert new.values["units"]["responsible"] == ["甲局", "乙局"]
    settled(client, items.find_item(site.store, f"{plan.ref}.Y1"), "reject")
    assert items.find_item(site.store, f"{plan.ref}.Y1").state == "rejected"


def test_the_button_for_all_drafts_counts_those_that_are_left(site, signed):
    """Its number is that of the tally, also after an item was settled without loading the page."""
    plan, client = kept(site, confirmed=False), signed("programme_office")
    page = client.get(f"/plans/{plan.ref}/review").text
    drafts = sum(item.state == "draft" for item in items.items(site.store, plan))
    assert f"全部内容，{drafts} 项" in page
    answer = settled(client, items.find_item(site.store, f"{plan.ref}.T1"), "confirm", htmx=True)
    assert f"全部内容，{drafts - 1} 项" in answer.text
    assert 'id="at-once" hx-swap-oob="true"' in answer.text


def test_of_two_who_settle_an_item_the_second_is_shown_what_the_first_made_of_it(site, signed):
    plan = kept(site, confirmed=False)
    seen = items.find_item(site.store, f"{plan.ref}.T1")
    settled(signed("programme_office", name="李四"), seen, "reject")
    second = signed("programme_office", name="王五")
    answer = settled(second, seen, "confirm", htmx=True)
    assert answer.status_code == 409
    assert "QH822" in answer.text
    assert "李四" in answer.text
    assert 'data-state="rejected"' in answer.text
    assert items.find_item(site.store, seen.ref).by == "李四"
    assert settled(second, seen, "confirm").status_code == 409
    now_ = items.find_item(site.store, seen.ref)
    assert settled(second, now_, "confirm", htmx=True).status_code == 200


def test_a_wrong_value_is_shown_again_as_it_was_typed(site, signed):
    plan = kept(site, confirmed=False)
    item = items.find_item(site.store, f"{plan.ref}.T1")
    answer = settled(
        signed("programme_office"), item, "edit", indicator="指标", low="不是数", comparator=">=",
        unit="个", section="1",
    )  # fmt: skip
    assert answer.status_code == 400
    assert "QH823" in answer.text
    assert "不是数" in answer.text
    assert items.find_item(site.store, item.ref) == item


def test_all_drafts_of_a_kind_are_confirmed_and_no_others(site, signed):
    plan = kept(site, confirmed=False)
    signed("programme_office").post(f"/plans/{plan.ref}/review", data={"kind": "target"})
    states = {(i.kind, i.state) for i in items.items(site.store, plan)}
    assert ("target", "confirmed") in states
    assert ("target", "draft") not in states
    assert ("system", "draft") in states
    assert ("system", "confirmed") not in states


def test_the_marked_words_are_those_of_the_item(site, signed):
    plan, client = kept(site), signed("viewer")
    text = items.text_of_plan(site.store, plan)
    for item in items.items(site.store, plan, kind="target"):
        page = client.get(f"/plans/{plan.ref}/review?kind=target&at={item.code}").text
        mark = re.search(r'<mark id="mark">(.*?)</mark>', page, re.DOTALL)
        assert html.unescape(mark[1]) == text[item.start : item.end]


def test_places_for_scripts_count_as_scripts_count(site, signed):
    """A sign outside the basic plane is one character here and two units there."""
    target = "到2027年，建成应用场景20个以上。"
    text = f"甲市人工智能行动方案\n一、总体要求\n🚀🚀推动发展。{target}\n"
    plan = plan_of(text, site)
    item = items.items(site.store, plan, kind="target")[0]
    page = signed("viewer").get(f"/plans/{plan.ref}/review?at={item.code}").text
    place = re.search(rf'id="i-{item.code}"[^>]*data-start="(\d+)" data-end="(\d+)"', page)
    units = text.encode("utf-16-le")
    found = units[2 * int(place[1]) : 2 * int(place[2])].decode("utf-16-le")
    assert found == text[item.start : item.end]
    assert "20" in found


def test_of_a_long_text_only_the_part_around_the_item_is_sent(site, signed):
    filler = "".join(f"第{n}段，没有指标的文字。\n" for n in range(20_000))
    text = f"甲市人工智能行动方案\n一、总体要求\n{filler}到2027年，建成应用场景20个以上。\n"
    assert len(text) > 200_000
    plan = plan_of(text, site)
    item = items.items(site.store, plan, kind="target")[-1]
    page = signed("viewer").get(f"/plans/{plan.ref}/source?at={item.code}")
    assert len(page.text) < 60_000
    mark = re.search(r'<mark id="mark">(.*?)</mark>', page.text, re.DOTALL)
    assert mark[1] == text[item.start : item.end]
    assert "第1段" not in page.text


def test_at_most_fifty_items_come_on_a_page(site, signed):
    rows = "".join(f"建设甲乙丙{n}号管理平台。\n" for n in range(130))
    text = f"甲市人工智能行动方案\n一、重点任务\n{rows}到2027年，建成应用场景20个以上。\n"
    plan, client = plan_of(text, site), signed("viewer")
    every = items.items(site.store, plan)
    pages = [client.get(f"/plans/{plan.ref}/review?page={n}").text for n in range(1, 8)]
    found = [re.findall(r'data-code="(\w+)"', page) for page in pages]
    assert max(map(len, found)) <= 50
    assert {code for codes in found for code in codes} == {i.code for i in every}


def test_a_plan_that_holds_html_is_shown_as_text(site, signed):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
    text = f"甲市行动方案{evil}\n一、总体要求{evil}\n到2027年，建成{evil}应用场景20个以上。\n"
    plan = plan_of(text, site)
    client = signed("programme_office", name=evil[:60])
    review.confirm_all(site.store, plan, by=evil[:60], at=now())
    item = items.items(site.store, plan, kind="target")[0]
    client.post(f"/plans/{plan.ref}/meetings", data={"title": evil, "day": "2026-01-01"})
    client.post(f"/plans/{plan.ref}/decisions", data={"text": evil, "owner": evil})
    paths = [*PAGES[:-1], f"/targets/{item.code}", f"/items/{item.code}/edit"]
    for path in paths:
        page = client.get(f"/plans/{plan.ref}{path}")
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
    assert "<script>alert" not in client.get("/plans").text
    assert evil[:25] in html.unescape(client.get(f"/plans/{plan.ref}/review").text)


def test_a_query_that_holds_html_comes_back_as_text(site, signed):
    client, plan = signed("programme_office"), kept(site)
    evil = '"><script>alert(1)</script>'
    paths = ("/plans?q=", "/plans/compare?plan=", f"/plans/{plan.ref}/review?kind=",
             f"/plans/{plan.ref}/bulletins?preview=1&issuer=", f"/plans/{plan.ref}?on=")  # fmt: skip
    for path in paths:
        assert "<script>alert" not in client.get(path + evil).text, path


def test_documents_are_imported_file_by_file_with_errors_beside_them(site, signed):
    client = signed("programme_office", name="李四")
    files = [
        ("files", ("方案.txt", SAMPLE.read_bytes(), "text/plain")),
        ("files", ("空.txt", b"", "text/plain")),
        ("files", ("again.txt", SAMPLE.read_bytes(), "text/plain")),
    ]
    page = client.post("/plans/import", data={"org": "root"}, files=files)
    assert page.status_code == 200
    assert "QH114" in page.text
    assert "这个文件已在台账中" in shown(page)
    found = items.plans(site.store)
    assert [(p.by, p.org, p.version) for p in found] == [("李四", "root", 1)]


def test_a_plan_issued_again_shows_what_it_changed(site, signed):
    client = signed("programme_office")
    text = SAMPLE.read_text(encoding="utf8")
    first = re.search(r"(\d+)个", text)
    newer = text.replace(first[0], f"{int(first[1]) + 7}个")
    for number, body in enumerate((text, newer)):
        file = ("files", (f"v{number}.txt", body.encode(), "text/plain"))
        page = client.post("/plans/import", data={"org": "root"}, files=[file])
    assert "/plans/P1/versions" in page.text
    assert "第 2 版" in shown(page)
    assert "第 1 版到第 2 版" in shown(client.get("/plans/P1/versions"))


def test_files_that_are_no_documents_are_refused_in_words(site, signed):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * (300 << 20))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    page = b"<html><body><script>alert(1)</script><p>nothing here</p></body></html>"
    sent = {"a.svg": svg, "b.html": page, "c.docx": bomb.getvalue(), "../../d.zip": b"PK\3\4junk"}
    client = signed("programme_office")
    for name, body in sent.items():
        file = ("files", (name, body, "application/octet-stream"))
        answer = client.post("/plans/import", data={"org": "root"}, files=[file])
        assert 400 <= answer.status_code < 500, name
        assert re.search(r"QH\d{3}", answer.text), name
        assert "<script>alert" not in answer.text
        assert "<svg xmlns" not in answer.text
    assert items.plans(site.store) == ()


def test_a_plan_cannot_be_put_into_anothers_organisation_or_under_its_plan(site, signed):
    one, two = organisation(site, "甲市"), organisation(site, "乙市")
    other = kept(site, org=two)
    client = signed("programme_office", org=one)
    file = [("files", ("a.txt", SAMPLE.read_bytes(), "text/plain"))]
    for data in ({"org": two}, {"org": one, "parent": other.ref}, {"org": "root"}):
        assert client.post("/plans/import", data=data, files=file).status_code in (403, 404)
    assert len(items.plans(site.store)) == 1


def test_a_plan_below_that_the_reader_may_not_see_is_not_rolled_up(site, signed):
    firm = organisation(site, "甲公司", kind="company")
    plan, below = kept(site), kept(site, org=firm)
    review.edit_heading(
        site.store, below, {"parent": plan.id, "title": "公司内部方案"}, by="张三", at=now()
    )
    assert "公司内部方案" not in signed("programme_office").get(f"/plans/{plan.ref}").text
    assert stated.setting(site.store, plan, "weights") is None


def test_a_heading_that_somebody_changed_meanwhile_is_not_written_over(site, signed):
    plan, client = kept(site), signed("programme_office")
    data = {"revision": plan.revision, "title": "新题目", "region": plan.region}
    assert client.post(f"/plans/{plan.ref}/heading", data=data).status_code == 303
    answer = client.post(f"/plans/{plan.ref}/heading", data=data | {"title": "又一题目"})
    assert answer.status_code == 409
    assert items.find_plan(site.store, plan.ref).title == "新题目"
    assert replace(plan, title="") != plan
