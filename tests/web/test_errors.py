"""An error says in the reader's language what it is and what to do, and where its code is told."""

import html
import re
from types import SimpleNamespace

import pytest

from qianhang.core.errors import ContractError, Place, UsageError
from qianhang.core.explained import explain, explained
from qianhang.runs import asks, record
from qianhang.runs.run import Request
from qianhang.web import words
from qianhang.web.render import edition

from .conftest import now

PLACE = Place(
    "热网.csv", "heat", 6, "2026-01-03 04:00", found="41,000 GJ/h", expected="0 to 400 GJ/h"
)
SPOILT = ContractError("QH101", "热网.csv: <b>found</b> 41,000 GJ/h", hint="MJ/h?", place=PLACE)


def shown(error, lang="zh"):
    """What the macro of every page makes of an error, with the marks of code taken out."""
    return html.unescape(re.sub(r"</?code>", "", shown_raw(error, lang)))


def shown_raw(error, lang):
    return edition(lang).get_template("parts/fault.html").module.problem(error)


def told(code, lang="zh"):
    """Title and what to do, as a page has them."""
    one, own = explain(code), f"advice.{code}"
    todo = words.say(own, lang=lang) if words.has(own) else getattr(one.todo, lang)
    return getattr(one.title, lang), todo.replace("`", "")


def assert_told(answer, code, status, lang="zh"):
    text = html.unescape(re.sub(r"</?code>", "", answer.text))
    assert answer.status_code == status
    for part in (*told(code, lang), f"/docs/errors#{code}"):
        assert part in text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(explained()))
def test_every_code_is_shown_with_its_title_and_what_to_do(code, lang):
    text = shown(UsageError(code, "found <this>"), lang)
    for part in (
        *told(code, lang),
        f'href="/docs/errors#{code}"',
        '<p class="exact" lang="en">found',
    ):
        assert part in text


def test_the_exact_english_lies_behind_a_fold_for_a_chinese_reader_alone():
    fold = '<details class="detail"><summary>技术细节</summary><p class="exact" lang="en">'
    assert f"{fold}热网.csv: &lt;b&gt;found" in shown_raw(SPOILT, "zh")
    assert "<details" not in shown_raw(SPOILT, "en")
    for text in (shown({"why": "stopped by the user"}), shown({"why": "process died"})):
        assert "<details" not in text
        assert re.search("由使用者停止|进程中断", text)


# Raised by commands alone, or to whoever runs the server.
TERMINAL = {"QH181", "QH203", "QH707", "QH710", "QH810", "QH834", "QH835", "QH840", "QH841"}
TERMINAL |= {"QH537", "QH552", "QH599", "QH816", "QH817", "QH818", "QH819"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_reader_of_a_page_is_told_to_type_a_command(lang):
    codes = sorted(explained().keys() - TERMINAL)
    assert [c for c in codes if re.search(r"qianhang \w|--\w", told(c, lang)[1])] == []
    text = shown(UsageError("QH804", "run 'x' does not exist", hint="qianhang runs"), lang)
    assert "qianhang" not in text
    assert "→ give more" in shown(UsageError("QH804", "x", hint="give more of the id"), lang)


@pytest.mark.parametrize("error", [SPOILT, SPOILT.told()], ids=["raised", "written down"])
def test_data_that_break_their_contract_are_told_by_file_column_and_row(error):
    text = shown(error)
    cells = re.findall(r"<dt>(.*?)</dt><dd(?: lang=.en.)?>(.*?)</dd>", text)
    assert cells == [
        ("文件", "热网.csv"), ("列", "heat"), ("行", "6"), ("时间", "2026-01-03 04:00"),
        ("发现", "41,000 GJ/h"), ("应为", "0 至 400 GJ/h"),
    ]  # fmt: skip
    assert "→ MJ/h?" in text


def test_the_words_of_an_error_are_text_and_no_markup():
    assert "&lt;b&gt;found&lt;/b&gt;" in shown_raw(SPOILT, "zh")


@pytest.mark.parametrize(
    "error",
    [{"why": "stopped by the user"}, {"code": "QH000", "message": "x"}, {"code": "QH519"}, SimpleNamespace(code="QH101", message="m", hint="")],
    ids=["no code", "unknown code", "code alone", "no place"],
)  # fmt: skip
def test_what_was_written_down_in_another_form_is_shown_too(error):
    assert 'role="alert"' in shown(error)
    assert shown(None) == ""


def test_a_message_of_old_says_its_code_once():
    text = shown({"code": "QH101", "message": "QH101 heat.csv: found"})
    assert '<p class="exact" lang="en">heat.csv: found' in text


# On pages


def begun(site):
    """A run under way -> Record."""
    return record.begin(
        site.store, key="k" * 64, scenario="water.leak_detection", case="ltown",
        request={"seed": 0, "params": {}, "data": {}, "versions": {}, "own_data": ""}, org="root",
        now=now(),
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_failed_ask_and_a_failed_run_tell_it(site, signed, lang):
    client = signed("developer")
    client.cookies.set("qh-lang", lang)
    asked = Request("water.leak_detection", "ltown", org="root")
    ask = asks.put(site.store, asked, org="root", by=client.account, now=now(), home=site.home)
    made = begun(site)
    with site.store.write() as tx:
        where = asks.tables.ask.c.id == ask.id
        asks.close(tx, ask.id, where, state="failed", now=now(), error=SPOILT.told())
        result = {"error": SPOILT.told()}
        record.close(tx, made, state="failed", verdict="", result=result, now=now())
    record.let_go(made)
    for path in (f"/runs/asks/{ask.id}", f"/runs/{made.id}"):
        answer = client.get(path)
        assert_told(answer, "QH101", 200, lang)
        assert words.say("fault.expected", lang=lang) in answer.text


def test_a_run_that_its_user_stopped_is_shown(site, signed):
    made = begun(site)
    with site.store.write() as tx:
        result = {"error": {"why": "stopped by the user"}}
        record.close(tx, made, state="interrupted", verdict="", result=result, now=now())
    record.let_go(made)
    answer = signed("developer").get(f"/runs/{made.id}")
    assert (answer.status_code, "由使用者停止" in answer.text) == (200, True)


def test_forms_that_are_refused_tell_it(site, signed):
    stranger, office = site.another(), signed("programme_office", "administrator")
    sent = {"login": "nobody", "password": "wrong-horse-9"}
    assert_told(stranger.post("/sign-in", data=sent), "QH901", 401)
    assert_told(stranger.post("/open/complaint", data={"once": "x"}), "QH871", 400)
    name = {"files": ("a.txt", b"nothing")}
    assert_told(office.post("/plans/import", files=name, data={"org": "root"}), "QH185", 422)
    twice = {"old": "x", "new": "correct-horse-9", "again": "correct-horse-8"}
    assert_told(office.post("/account/password", data=twice), "QH860", 400)
    person = {"login": "x", "name": "", "org": "root"}
    assert_told(office.post("/admin/people", data=person), "QH864", 400)
    run = {"case": "ltown", "seed": "none", "org": "root"}
    asked = signed("developer").post("/scenarios/water.leak_detection/runs", data=run)
    assert_told(asked, "QH802", 400)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_that_is_not_there_tells_it(site, lang):
    client = site.another({"Accept-Language": lang})
    assert_told(client.get("/no-such-page"), "QH881", 404, lang)
    assert_told(client.post("/healthz"), "QH882", 405, lang)


# Where the codes are told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_type_of_a_problem_leads_to_its_code(site, lang):
    problem = site.client.get("/api/v1/runs/none").json()
    path, _, anchor = problem["type"].partition("#")
    answer = site.client.get(path, headers={"Accept-Language": lang})
    assert (answer.status_code, anchor) == (200, problem["code"])
    assert sorted(re.findall(r'<article class="card explained" id="(QH\d+)"', answer.text)) == [
        *explained()
    ]
    assert explain(anchor).title.zh in answer.text
    assert explain(anchor).title.en in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("q", "there", "gone"),
    [("qh101", "QH101", "QH102"), ("两次输入", "QH860", "QH101"), ("password TWICE", "QH860", "QH101"), ("<script>", "", "QH101")],
)  # fmt: skip
def test_codes_are_found_by_number_and_by_words_of_either_language(site, q, there, gone):
    text = site.client.get("/docs/errors", params={"q": q}).text
    assert not there or f'id="{there}"' in text
    assert f'id="{gone}"' not in text
    assert "<script>" not in text


def test_whoever_is_signed_in_keeps_the_menu(signed):
    answer = signed("viewer").get("/docs/errors")
    assert 'href="/runs"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_whoever_is_signed_in_stays_so_on_the_page_of_an_error(signed, site):
    for path, status in (("/nothing-here", 404), ("/admin", 403), ("/runs/none", 404)):
        page = signed("viewer").get(path)
        assert page.status_code == status
        assert 'href="/scenarios"' in page.text
        assert 'href="/sign-in"' not in page.text
    assert 'href="/sign-in"' in site.client.get("/nothing-here").text
