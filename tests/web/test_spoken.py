"""Every page speaks its reader's language: no names as in code, no words of the other language."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from qianhang import models, safety
from qianhang.core.errors import ContractError, Place
from qianhang.models import Card, Fact, NewModel, Section
from qianhang.plan import atlas
from qianhang.runs import asks, record
from qianhang.runs.run import Request
from qianhang.safety import complaints
from qianhang.safety.complaints import Sent
from qianhang.web import pages as console

from .conftest import SAMPLE, now

# What is shown as it was typed, sent or computed, and says so by its element.
AS_WRITTEN = {"code", "kbd", "pre", "samp", "script", "style", "textarea"}
DATA = {"hash", "data"}
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "rect", "path", "circle", "line", "wbr"}
SPOKEN = ("alt", "aria-label", "placeholder", "title")
NOT_PAGES = re.compile(
    r"/(api|static|language|sign-out|docs/api|figures)\b|/report$|/download|"
    r"\.(csv|xlsx|json|jsonl|html|txt|docx|css|js|svg|geojson)$"
)
ONE_OF = re.compile(
    r"/(\d{8}-[\w-]+|[a-z]+\.[a-z_]+|\d+|[KTSYMP]\d+|[0-9a-f]{8,}|[\w-]*\d[\w-]*)(?=/|$)"
)

# Beside the text of the plan that was imported, and cities and prefectures, which our atlas knows by
# their Chinese names: the first organisation's name, which an administrator changes, and a language
# that is named in itself.
OWN_NAMES = {"本平台", "中文"}

UNLINKED = (
    "/sign-in", "/sign-in/openid/code", "/welcome", "/open", "/account", "/portal",
    "/plans/compare?plan=P1&plan=P1",
    "/plans/P1/source?at=T1",
)  # fmt: skip
# Answers that are no pages (files, streams, checks of health, an address to go to), then: a link of
# one use, and bulletins, which are official texts in Chinese for readers of either language.
NOT_WALKED = {
    "/healthz", "/readyz", "/metrics", "/language", "/style/pictures.css", "/map.csv", "/map.json",
    "/map.xlsx", "/admin/log/download", "/runs/{run_id}/report", "/runs/scores/{score_id}/{file}/download", "/runs/{run_id}/figures/{name}",
    "/runs/asks/{ask_id}/events", "/plans/{ref}/ledger.xlsx", "/plans/compare.xlsx",
    "/plans/{ref}/targets/{code}/readings.xlsx", "/plans/{ref}/targets/{code}/readings.csv",
    "/sign-in/openid", "/sign-in/openid/back", "/ticket/{secret}",
    "/plans/{ref}/bulletins/{number}/{kind}", "/open/bulletins/{number}/{kind}",
    "/open/bulletins/{number}",
}  # fmt: skip

# Keys and columns that whoever writes a file has to type, named in the note beside its field.
SNAKE = re.compile(r"\b(?!any_of\b|submit_s\b|run_s\b)[a-z]+(?:_[a-z0-9]+)+\b")
SENTENCE = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}\b")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
PLACE = Place("heat.csv", "heat", 6, "2026-01-03 04:00", "41,000 GJ/h", "0 to 400 GJ/h")
SPOILT = ContractError("QH101", "heat.csv: column heat: found this", hint="is it so?", place=PLACE)


class Visible(HTMLParser):
    """The texts of a page that a reader sees or hears, and where its links lead."""

    def __init__(self, lang):
        super().__init__()
        self.lang, self.open, self.texts, self.links = lang, [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        hidden = self.as_written(tag, given)
        if not hidden and not any(h for _, h in self.open):
            self.texts += [given[name] for name in SPOKEN if given.get(name)]
        if tag not in VOID:
            self.open.append((tag, hidden))

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        while any(t == tag for t, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if data.strip() and not any(hidden for _, hidden in self.open):
            self.texts.append(" ".join(data.split()))

    def as_written(self, tag, given):
        other = tag != "html" and (given.get("lang") or self.lang)[:2] != self.lang
        return tag in AS_WRITTEN or other or bool(DATA & {*(given.get("class") or "").split()})


@pytest.fixture(scope="module")
def walked(web, tmp_path_factory, empty_home):
    """A console with something on every page, and who may open them all."""
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("spoken") / "home")
    with web.opened(home) as site:
        client = web.signer(site)(
            "administrator", "programme_office", "safety_officer", "developer", "data_steward",
            "pool_operator", "scenario_owner",
        )  # fmt: skip
        filled(site, client)
        yield client


def filled(site, client):
    """A plan, runs that ended well and badly, an ask, a complaint, everything in the log."""
    site.plan()
    site.org("Yunze", kind="city")
    site.run(gate=refusing())
    two = [site.run(facts={"n": n, "capacity": "any", "split": "group"}) for n in (1, 2)]
    asked = Request("water.leak_detection", "ltown", org="root")
    ask = asks.put(site.store, asked, org="root", by=client.account, now=now(), home=site.home)
    made = record.begin(
        site.store, key="k" * 64, scenario="water.leak_detection", case="ltown",
        request={"seed": 0, "params": {}, "data": {}, "versions": {}, "own_data": ""}, org="root",
        now=now(),
    )  # fmt: skip
    with site.store.write() as tx:
        where = asks.tables.ask.c.id == ask.id
        asks.close(tx, ask.id, where, state="failed", now=now(), error=SPOILT.told())
        record.close(
            tx, made, state="failed", verdict="", result={"error": SPOILT.told()}, now=now()
        )
    record.let_go(made)
    model = registered(site, two[0])
    sent = Sent("complaint", "text", "text", "", "one")
    complaint = complaints.receive(site.store, sent, now=now()).ref
    client.known = (
        f"/runs/compare?a={two[0].id}&b={two[1].id}", f"/runs/asks/{ask.id}",
        f"/models/{model.name}/{model.version}", f"/open/complaint/{complaint}",
        f"/safety/complaints/{complaint}",
    )  # fmt: skip


def refusing():
    """A gate that found everything that it can find."""
    found = [safety.Reason(code, "accepted", "II") for code in safety.CODES]
    told = [{"code": r.code, "blocks": r.blocks, "zh": r.text("zh"), "en": r.text("en")}
            for r in found]  # fmt: skip
    return {"open": False, "stage": "research_only", "reasons": told}


def registered(site, run):
    """A model of a run, with a card -> ModelVersion."""
    inner = site.store.files.put(b"weights")
    text = f'{{"class_name":"pack:X","files":{{"w":"{inner}"}},"format":1}}'
    both = {"zh": "模型", "en": "model"}
    card = Card(both, sections=(Section(both, both),), facts=(Fact(both, both),))
    with site.store.write() as tx:
        manifest = site.store.files.put(text.encode())
        new = NewModel("water.leak_detection", "accepted", manifest, run.id, card)
        return models.register(tx, new, at=now())


def pages(client, lang, most=2):
    """(path, visible texts) of the pages that links lead to, `most` of each kind."""
    client.cookies.set("qh-lang", lang)
    todo = ["/", *client.known, "/admin/log?what=all", "/none", *UNLINKED]
    seen, kinds = set(), Counter()
    while todo:
        path = todo.pop(0).partition("#")[0]
        parts = urlsplit(path)
        kind = ONE_OF.sub("/*", parts.path), tuple(sorted(re.findall(r"(\w+)=", parts.query)))
        if path in seen or kinds[kind] >= most or NOT_PAGES.search(parts.path):
            continue
        seen.add(path)
        kinds[kind] += 1
        answer = client.get(path)
        if "text/html" not in answer.headers["content-type"]:
            continue
        page = Visible(lang)
        page.feed(answer.text)
        yield path, page.texts
        todo += [u for u in (urljoin(path, link) for link in page.links) if u.startswith("/")]


def test_no_chinese_page_shows_a_name_as_in_code_or_an_english_sentence(walked):
    wrong, seen = said(walked, "zh", lambda text: SNAKE.search(text) or SENTENCE.search(text))
    assert wrong == ""
    assert missed(seen) == NOT_WALKED


def test_no_english_page_shows_a_name_as_in_code_or_chinese_that_nobody_typed(walked):
    plan = SAMPLE.read_text(encoding="utf8")
    places = {n for p in atlas.provinces() for n in (p.name, *(c.name for c in p.cities))}

    def wrong(text):
        runs = CHINESE.findall(text)
        return SNAKE.search(text) or any(
            run not in plan and run not in places and run not in OWN_NAMES for run in runs
        )

    assert said(walked, "en", wrong, most=1)[0] == ""


def test_what_the_gate_found_is_told_with_advice_and_without_its_code(walked):
    for lang in ("zh", "en"):
        walked.cookies.set("qh-lang", lang)
        every = walked.get("/api/v1/runs").json()["items"]
        told = [walked.get(path).text for path in ["/safety", *(f"/runs/{r['id']}" for r in every)]]
        shown = "".join(
            re.sub(r"<script.*?</script>|href=\"[^\"]*\"", "", t, flags=re.S) for t in told
        )
        for code in safety.CODES:
            said = safety.words(code)
            assert shown.count(getattr(said.title, lang)) >= 2, code
            assert shown.count(getattr(said.todo, lang)) >= 2, code
            assert not re.search(
                rf"<code>{code}|\b{code}\b" if "_" in code else f"<code>{code}", shown
            )


# Walked as far as they have something on a store without pools, jobs, bills and vouchers.
OTHERS = ("/bills", "/compute", "/prices", "/settlement", "/vouchers", "/whatif")


def missed(seen):
    """The pages of the console that lie on none of the paths."""
    every = [r for group in console.ROUTES for r in group.router.routes if "GET" in r.methods]
    every = [r for r in every if not r.path.startswith(OTHERS)]
    paths = [urlsplit(path).path for path in seen]
    return {r.path for r in every if not any(r.path_regex.match(p) for p in paths)}


def said(client, lang, wrong, most=2):
    """The texts that are wrong, each with the first page that shows it, a line each; the paths."""
    found, seen = {}, []
    for path, texts in pages(client, lang, most):
        seen.append(path)
        for text in filter(wrong, texts):
            found.setdefault(text[:160], path)
    return "\n".join(f"{path}: {text}" for text, path in found.items()), seen
