"""A real server, a real browser: the console as people use it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from . import money

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update",
)  # fmt: skip
SHOTS = os.environ.get("QIANHANG_SHOTS", "")
PASSWORD = "correct-horse-9"
SCENARIO = "ecology.carbon_inventory"
GOOD = Path(__file__).with_name("activity.csv")
# Told by the page itself, since a browser need not write a blocked inline style to its console.
WATCH = """
document.addEventListener("securitypolicyviolation", (e) =>
  console.error("CSP " + e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile));
"""


def pytest_collection_modifyitems(items):
    """Everything here is of one browser and one server: one process of the tests does it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chromium)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("chromium"))


@dataclass
class Server:
    """`qianhang serve` on a free port, with a folder of its own."""

    home: Path
    port: int
    process: subprocess.Popen | None = None
    known: dict = field(default_factory=dict)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.home.parent / "serve.log"

    def start(self):
        command = [sys.executable, "-m", "qianhang", "serve", "--port", str(self.port)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, env=environment(self.home), stdout=out, stderr=out
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def _answers(self):
        try:
            return urllib.request.urlopen(f"{self.url}/healthz", timeout=5).status == 200
        except OSError:
            return False


def environment(home):
    return os.environ | {"QIANHANG_HOME": str(home), "QIANHANG_LANG": "zh", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium; where services are required its absence is a failure."""
    required = os.environ.get("QIANHANG_SERVICES") == "required"
    if required:
        import axe_playwright_python  # noqa: F401  # its absence is told here, once
        from playwright.sync_api import sync_playwright
    else:
        pytest.importorskip("axe_playwright_python")
        sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    if not Path(CHROMIUM).exists():
        assert not required, "chromium is not installed"
        pytest.skip("no chromium (apt-get install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):
    """A console on which something has happened: a run, an ask, a plan, a bulletin, a complaint."""
    pytest.importorskip("fastapi")
    home = tmp_path_factory.mktemp("console") / "home"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made = Server(home, free.getsockname()[1])
    command = ["run", SCENARIO, "--case", "own", "--data", str(GOOD)]
    subprocess.run(
        [sys.executable, "-m", "qianhang", *command], env=environment(home), check=True,
        capture_output=True, timeout=300,
    )  # fmt: skip
    made.known |= _happened(home)
    made.start()
    try:
        yield made
    finally:
        made.kill()


def _happened(home):
    """What the addresses of pages name, by the name of the place in the address."""
    from qianhang.plan import SAMPLE, evidence, ledger, review, rules
    from qianhang.plan.reading.read import read
    from qianhang.runs import Request, asks, listing, open_store
    from qianhang.store import Settings

    now = datetime.now(UTC)
    with open_store(Settings(home=home)) as store:
        run = listing.lines(store, orgs=None, limit=1)[0]
        sent = home / "uploads" / "root" / "sent"
        sent.mkdir(parents=True)
        data = shutil.copy(GOOD, sent)
        asked = Request(SCENARIO, "own", Path(data), seed=9)
        ask = asks.put(store, asked, org="root", by="tests", now=now, home=home)
        asks.cancel(store, ask.id, by="tests", now=now)
        score = _scored(store, home, now=now)
        plan = ledger.keep(store, read(SAMPLE), raw=SAMPLE.read_bytes(), by="t", at=now).plan
        review.confirm_all(store, plan, by="t", at=now)
        again = sent / "plan.txt"
        text = SAMPLE.read_text("utf8").replace("云泽", "清河").replace("6号", "7号")
        again.write_text(text, "utf8")
        other = ledger.keep(store, read(again), raw=again.read_bytes(), by="t", at=now).plan
        _model(store, run.id, at=now)
        # Of the first target there is a reading, and with it a figure and its files.
        job, application = _network(store, home, at=now)
        money.earn(store)
        facts = {"beats_trivial": True, "verdict": "met", "source": "public", "stage": "accepted"}
        rules.confirm_rules(store, plan, by="t", at=now)
        with store.write() as tx:
            evidence.record(tx, evidence.Finding(run.id, SCENARIO, ("M540",), facts), at=now)
    return {
        "run_id": run.id, "ask_id": ask.id, "score_id": score, "ref": plan.ref, "other_ref": other.ref,
        "scenario": SCENARIO, "code": "T1", "pool": "here", "job_id": job,
        "file": "1", "application_id": application,
    }  # fmt: skip


def _scored(store, home, *, now):
    """The id of a table that was scored, with its answers."""
    import sqlalchemy as sa

    from qianhang.runs import Request, asks, tables

    asked = Request("health.cvd_risk", "", Path("sent/people.csv"), org="root")
    score = asks.queue(store, asked, by="tests", now=now, token="", work="score", members=1).id
    sums = {"model": "health.cvd_risk@1", "rows": 3, "answers": 3, "rejects": 0, "blank": 0,
            "blocks": 1, "pools": ["local"], "cpu_s": 1.5, "peak_mb": 300.0}  # fmt: skip
    with store.write() as tx:
        mine = tables.ask.c.id == score
        asks.close(tx, score, mine, state="finished", now=now, made=sums)
        tx.execute(sa.update(tables.ask).where(mine).values(started=tables.ask.c.asked))
    (home / "scores" / score).mkdir(parents=True)
    (home / "scores" / score / "answers.parquet").write_bytes(b"PAR1")
    return score


def _network(store, home, *, at):
    """The ids of a job that waits for the server, whose own machine is the one pool, with a file
    that is kept of it, and of an application; a quota."""
    from qianhang.compute.applications import desk
    from qianhang.compute.applications.application import Wish
    from qianhang.compute.artefacts import shelf
    from qianhang.compute.artefacts.folder import Copied
    from qianhang.compute.door import plant, quotas, taskfile
    from qianhang.compute.network import Network, Operator, Pool, PueReading, Stock
    from qianhang.core.manifest import Words
    from qianhang.runs.admission import admit

    read = PueReading(1.21, "机房年报", "2025-01-01", "2025-12-31")
    stock = (Stock("cpu-core", 1, 2, 10),)
    pool = Pool("here", "op", stock, name=Words("本机", "Here"), city="杭州市", pue=read)
    operator = Operator("op", Words("甲方", "Operator A"))
    settings = {"here": {"folder": str(home / "pool"), "threads": 2, "user": "service"}}
    plant.add(store, Network((pool,), (operator,), engines=settings), by="t", at=at)
    quotas.assign(store, "root", project="p", chips=8, reason="训练", by="t", at=at)
    wish = Wish(
        "root", "roads", 8, at.date(), at.date() + timedelta(30), "训练道路模型", "王芳", 5000,
        ("ascend-910b",), "here",
    )  # fmt: skip
    application = desk.send(store, wish, by="t", at=at).id
    desk.ask(store, application, words="用哪些数据？", by="u", at=at)
    text = "name: first\noutputs: [scores.json]\nrun: echo one"
    job = admit(store, taskfile.read_text(text, name="t", org="root"), at)[0].job
    (home / "scores.json").write_bytes(b"{}")
    sha = shelf.files_of(store).put(b"{}")
    with store.write() as tx:
        made = [Copied("scores.json", 2, sha, home / "scores.json")]
        shelf.keep(tx, job, made, token=f"{job}.1", detail={"missing": ["model.bin"]},
                   org_bytes=10**6, at=at)  # fmt: skip
    return job, application


def _model(store, run, *, at):
    """A version of a model that the run registered."""
    from qianhang.models import Card, Fact, NewModel, Section, register

    said = {
        "zh": "历年清单的线性回归。",
        "en": "A linear regression on the inventories of past years.",
    }
    head, facts = {"zh": "用途", "en": "Use"}, {"zh": "样本", "en": "Samples"}
    card = Card(
        head, sections=(Section(head, said),), facts=(Fact(facts, {"zh": "42", "en": "42"}),)
    )
    inner = store.files.put(b"weights")
    text = f'{{"class_name":"pack:X","files":{{"w":"{inner}"}},"format":1}}'
    with store.write() as tx:
        new = NewModel(SCENARIO, "accepted", store.files.put(text.encode()), run, card)
        register(tx, new, at=at)


class Reader:
    """One browser of its own: pages, and everything that went wrong on them."""

    def __init__(self, browser, server, **more):
        settings = {"locale": "zh-CN", "viewport": {"width": 1360, "height": 900}} | more
        self.url = server.url
        self.context = browser.new_context(base_url=self.url, reduced_motion="reduce", **settings)
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.wrong = []
        self.context.on("console", self._said)
        self.context.on("weberror", lambda e: self.wrong.append((self.page.url, str(e.error))))

    def _said(self, message):
        # A status is judged where the page is opened; the browser's own word on it says no more.
        if message.type in ("error", "warning") and "the server responded" not in message.text:
            self.wrong.append((self.page.url, message.type, message.text))

    def speak(self, lang):
        """From now on pages come in this language."""
        self._keep("qh-lang", lang)

    def enter(self, token):
        """From now on this browser has a session."""
        self._keep("qh", token)

    def _keep(self, name, value):
        self.context.add_cookies([{"name": name, "value": value, "url": self.url}])

    def post(self, path, **form):
        """A form sent without its page, by this browser's session -> the answer."""
        return self.context.request.post(
            path, form=form, headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0
        )

    def open(self, path):
        """The status of the page at `path`."""
        return self.page.goto(path).status

    def shot(self, name, *, whole=False):
        """What the browser shows, or the whole page, as a picture in the folder QIANHANG_SHOTS,
        where one is named; JPEG, which takes a third of the time of PNG."""
        if SHOTS:
            path = Path(SHOTS) / f"{name}.jpg"
            self.page.screenshot(path=path, full_page=whole, type="jpeg", quality=70)


@pytest.fixture(scope="session")
def reader(browser, server):
    """reader(role ..., token=) -> a browser of its own, closed at the end."""
    made = []

    def open_(*, token="", lang="zh", **more):
        one = Reader(browser, server, **more)
        one.speak(lang)
        if token:
            one.enter(token)
        made.append(one)
        return one

    yield open_
    for one in made:
        one.context.close()


@pytest.fixture(scope="session")
def administrator(server, reader):
    """The session of the first administrator, who came in by the printed link."""
    link = re.search(r"http\S+(/ticket/\S+)", server.log.read_text())[1]
    first = reader()
    assert first.open(link) == 200
    first.shot("ticket")
    for name, value in {"name": "管理员", "login": "admin", "password": PASSWORD}.items():
        first.page.fill(f"#{name}", value)
    first.page.fill("#again", PASSWORD)
    first.page.click("main button")
    first.page.wait_for_url("**/welcome")
    _office(server, first)
    assert first.wrong == []
    return next(c["value"] for c in first.context.cookies() if c["name"] == "qh")


def _office(server, first):
    """What the programme office and the public do: a bulletin, published, and a complaint."""
    from qianhang.core.day import day_of

    ref = server.known["ref"]
    day = day_of(datetime.now(UTC)).isoformat()
    said = {"day": day, "period": "第一季度", "issuer": "市推进办"}
    assert first.post(f"/plans/{ref}/bulletins", **said).status == 303
    assert first.post(f"/portal/{ref}/1/publish").status == 303
    sent = first.post("/open/complaint", kind="error", about=SCENARIO, text="数值与公报不符。")
    complaint = re.search(r"/complaint/(\w+)", sent.headers["location"])[1]
    figures = first.context.request.get(f"/runs/{server.known['run_id']}").text()
    figure = re.search(r"/figures/([^\"?]+\.csv)", figures)[1]
    known = {"complaint": complaint, "kind": "html", "figure": figure}
    server.known |= known | money.KNOWN | {"study": money.study(first)}


@pytest.fixture(scope="session")
def tokens(server, administrator):
    """A session for one account of each role, and for "nobody" none."""
    from qianhang.access import ROLES, accounts, sessions
    from qianhang.access.person import Grant
    from qianhang.runs import open_store
    from qianhang.store import Settings

    now, found = datetime.now(UTC), {"nobody": ""}
    with open_store(Settings(home=server.home)) as store, store.write() as tx:
        for role in ROLES:
            made = accounts.create(
                tx, role, name=role, org="root", by="t", at=now, identity=("t", role),
                grants=[Grant("root", role)],
            )  # fmt: skip
            found[role] = sessions.open(tx, made.id, now=now)[1]
            server.known["account"] = made.id
    return found
