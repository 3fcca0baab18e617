"""The public portal: the same for everybody, cacheable, and nothing private in it."""

import re

import pytest

from qianhang.core.day import day_of
from qianhang.plan import rules
from qianhang.plan.evidence import Observation, observe
from qianhang.plan.items import find_item
from qianhang.plan.office import printing
from qianhang.plan.office.bulletin import Order
from qianhang.runs import answering, record, tables
from qianhang.safety import complaints

from .conftest import now

PUBLIC = ("/open", "/open/scenarios", "/open/bulletins", "/open/data", "/open/ask")
HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("path", ["/", "/docs/errors", *PUBLIC])
def test_public_pages_may_be_cached_and_are_told_apart_by_language(site, path):
    answer = site.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert {v.strip() for v in answer.headers["vary"].split(",")} >= {"Cookie", "Accept-Language"}
    assert "set-cookie" not in answer.headers
    known = {"If-None-Match": answer.headers["etag"]}
    again = site.client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_the_same_for_whoever_asks(site, signed, path):
    stranger = site.client.get(path)
    person = signed("administrator", "programme_office").get(path)
    assert person.text == stranger.text
    assert person.headers["etag"] == stranger.headers["etag"]


@pytest.mark.parametrize("path", ["/", "/docs/errors", *PUBLIC, "/open/complaint"])
def test_the_address_chooses_the_language(site, path):
    zh, en = (site.client.get(path, params={"lang": lang}).text for lang in ("zh", "en"))
    assert '<html lang="zh-CN"' in zh
    assert '<html lang="en"' in en
    switch = re.search(r'name="next" value="([^"]*)"', en)[1]
    assert "lang=" not in switch


def test_pages_of_a_person_are_never_kept(signed):
    assert signed("viewer").get("/").headers["cache-control"] == "no-store"


def _verify(site, scenario):
    import sqlalchemy as sa

    with site.store.write() as tx:
        row = {
            "scenario": scenario, "pack_hash": "x", "tier": "silver", "at": "x", "result": "[]",
        }  # fmt: skip
        tx.execute(sa.insert(tables.conformance).values(row))


def _bar(value):
    return {
        "metric": "mae", "unit": "kPa", "value": value, "met": True, "at_most": 9.0,
        "at_least": None, "published": {"value": 3.75, "source": "Somebody 2020"},
    }  # fmt: skip


def test_the_showcase_has_figures_beside_baseline_and_published_best(site):
    site.run(bars=[_bar(1.25)], trivial={"mae": 6.5})
    page = site.client.get("/open/scenarios").text
    assert "1.25" not in page
    _verify(site, "water.leak_detection")
    page = site.client.get("/open/scenarios").text
    assert all(text in page for text in ("1.25", "6.5", "3.75", "Somebody 2020"))


def test_figures_of_private_runs_are_not_shown(site):
    site.org("alpha", kind="company")
    _verify(site, "water.leak_detection")
    site.run(org="alpha", bars=[_bar(1.25)])
    site.run(own="mine.csv", bars=[_bar(2.125)])
    page = site.client.get("/open/scenarios").text
    assert "1.25" not in page
    assert "2.125" not in page


@pytest.fixture
def issued(site):
    plan = site.plan()
    on = day_of(now())
    return plan, printing.issue(site.store, plan, Order(HOSTILE), on=on, by="t", at=now())


def test_a_public_bulletin_does_not_name_whose_own_data_a_figure_is_of(site, signed):
    plan = site.plan()
    item = find_item(site.store, f"{plan.ref}.T1")
    rules.set_rule(site.store, item, rules.Rule(rules.Query(("figure",), "last")), by="t", at=now())
    facts = {"figure": "准确率", "source": "own", "open": False}
    seen = Observation("figure", "城东医院", day_of(now()), 97.5, "%", facts=facts)
    with site.store.write() as tx:
        observe(tx, seen, grade="A", by="run 20260601-000000-abcdef", at=now())
    one = printing.issue(site.store, plan, Order("一季度"), on=day_of(now()), by="t", at=now())
    signed("programme_office").post(f"/portal/{plan.ref}/{one.id}/publish")
    for path in ("", "/txt", "/html"):
        page = site.client.get(f"/open/bulletins/{one.id}{path}")
        assert page.status_code == 200
        assert "城东医院" not in page.text
    assert "（自有数据）" in page.text


def test_a_bulletin_is_public_only_while_the_office_publishes_it(site, signed, issued):
    plan, one = issued
    address, office = f"/open/bulletins/{one.id}", signed("programme_office")
    assert site.client.get(address).status_code == 404
    assert site.client.get(f"{address}/docx").status_code == 404
    assert office.post(f"/portal/{plan.ref}/{one.id}/publish").status_code == 200
    page = site.client.get(address)
    assert page.status_code == 200
    assert page.headers["cache-control"].startswith("public")
    assert HOSTILE not in page.text
    assert address in site.client.get("/open/bulletins").text
    assert site.client.get(f"{address}/txt").content == printing.reprint(site.store, one, "txt")
    assert site.client.get(f"{address}/exe").status_code == 404
    assert office.post(f"/portal/{plan.ref}/{one.id}/withdraw").status_code == 200
    assert site.client.get(address).status_code == 404


def test_only_the_plans_own_office_publishes(site, signed, issued):
    plan, one = issued
    site.org("alpha", kind="county")
    address = f"/portal/{plan.ref}/{one.id}/publish"
    assert signed("administrator").post(address).status_code == 403
    assert signed("programme_office", org="alpha").post(address).status_code == 403
    assert site.client.post(address, follow_redirects=False).status_code == 303
    assert site.client.get(f"/open/bulletins/{one.id}").status_code == 404


def _once(site):
    page = site.client.get("/open/complaint")
    assert page.headers["cache-control"] == "no-store"
    return re.search(r'name="once" value="([^"]+)"', page.text)[1]


def _complain(site, **more):
    form = {"kind": "error", "text": HOSTILE, "about": HOSTILE, "once": _once(site)} | more
    return site.client.post("/open/complaint", data=form, follow_redirects=False), form


def test_a_complaint_is_stored_once_and_its_number_told(site):
    first, form = _complain(site)
    again = site.client.post("/open/complaint", data=form, follow_redirects=False)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    kept = complaints.complaints(site.store, ["root"])
    assert [c.text for c in kept] == [HOSTILE]
    page = site.client.get(first.headers["location"])
    assert kept[0].ref in page.text
    assert page.headers["cache-control"] == "no-store"


def test_a_complaint_is_shown_as_text_and_to_its_author_not_at_all(site, signed):
    _complain(site, contact=HOSTILE)
    ref = complaints.complaints(site.store, ["root"])[0].ref
    officer = signed("safety_officer")
    for page in (
        officer.get("/safety/complaints").text,
        officer.get(f"/safety/complaints/{ref}").text,
        site.client.get(f"/open/complaint/{ref}").text,
    ):
        assert HOSTILE not in page
    assert "alert(1)" not in site.client.get(f"/open/complaint/{ref}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""}, {"text": " \x00 "}, {"kind": "praise"}, {"text": "x" * 4001},
        {"about": "x" * 121}, {"contact": "x" * 161},
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_taken_comes_back_as_it_was(site, wrong):
    answer, form = _complain(site, **wrong)
    assert answer.status_code == 400
    assert "QH871" in answer.text
    assert form["once"] in answer.text
    assert not complaints.complaints(site.store, ["root"])


def test_complaints_from_one_address_are_limited(site):
    states = [_complain(site)[0].status_code for _ in range(7)]
    assert states == [303] * 5 + [429] * 2
    assert len(complaints.complaints(site.store, ["root"])) == 5


@pytest.mark.parametrize("ref", ["C23456789ABCD", "x", "' or 1=1--", HOSTILE])
def test_numbers_that_do_not_exist_tell_nothing(site, ref):
    answer = site.client.get(f"/open/complaint/{ref.replace('/', '%2f')}")
    assert answer.status_code == 404
    assert HOSTILE not in answer.text


def test_without_a_kept_search_the_page_says_so(site):
    page = site.client.get("/open/ask", params={"q": "合同", "lang": "en"}).text
    assert "not in service" in page
    assert 'name="q"' not in page


@pytest.fixture(scope="module")
def searching():
    """(code, spec, model, passages) of the pack's own sample."""
    for name in ("lightgbm", "opencc"):
        pytest.importorskip(name)
    from qianhang.core.pack import find
    from qianhang.core.spec import make

    pack = find(answering.SCENARIO)
    spec = make(pack.manifest, pack.manifest.find_case("plans"), seed=0, params={})
    inputs = pack.code.sample(0)
    held = pack.code.passages(inputs, spec=spec)
    return pack, spec, pack.code.fit(held, inputs["table"], spec=spec), inputs


def _keep_search(site, searching, *, org="root", stage="accepted"):
    from qianhang import models
    from qianhang.models import Card, NewModel

    pack, _, model, _ = searching
    asked = {"seed": 0, "params": {}, "data": {}, "versions": {}, "own_data": ""}
    made = record.begin(
        site.store, key=f"{org}{stage}", scenario=pack.id, case="plans", request=asked, org=org,
        now=now(),
    )  # fmt: skip
    saved = models.save(site.store.files, model, local=pack.code)
    card = Card({"zh": "一", "en": "one"})
    with site.store.write() as tx:
        record.close(tx, made, state="finished", verdict="met", result={}, now=now())
        models.register(tx, NewModel(pack.id, stage, saved, made.id, card), at=now())
    record.let_go(made)


def test_answers_are_quoted_with_their_citation(site, searching):
    _keep_search(site, searching)
    table = searching[3]["table"]
    asked = table[table["split"] == "train"].iloc[0]
    answer = site.client.get("/open/ask", params={"q": asked["question"]})
    assert answer.headers["cache-control"] == "no-store"
    quotes = re.findall(r"<cite>(.*?)</cite><p class=\"said\">(.*?)</p>", answer.text, re.DOTALL)
    assert quotes
    assert all(cite.strip() and text.strip() for cite, text in quotes)


def test_what_no_document_supports_is_not_answered(site, searching):
    _keep_search(site, searching)
    page = site.client.get("/open/ask", params={"q": HOSTILE, "lang": "en"}).text
    assert "I do not know" in page
    assert "<cite>" not in page
    assert HOSTILE not in page


def test_searches_that_are_private_or_not_accepted_do_not_answer(site, searching):
    site.org("alpha", kind="company")
    _keep_search(site, searching, org="alpha")
    _keep_search(site, searching, stage="research_only")
    page = site.client.get("/open/ask", params={"q": "x", "lang": "en"}).text
    assert "not in service" in page


def test_questions_are_limited_to_ten_a_minute(site, searching):
    _keep_search(site, searching)
    states = [site.client.get("/open/ask", params={"q": "x"}).status_code for _ in range(12)]
    assert states == [200] * 10 + [429] * 2
