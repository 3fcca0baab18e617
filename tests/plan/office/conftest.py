"""A made-up city's plan in a ledger of its own: five targets, two of them with evidence."""

import shutil
from datetime import UTC, date, datetime

import pytest

from qianhang.plan import schema
from qianhang.plan.document import Document, NamedSystem, Section, Target, Task, Units
from qianhang.plan.evidence import Observation, observe
from qianhang.plan.items import find_item, find_plan
from qianhang.plan.ledger import keep
from qianhang.plan.review import confirm_all
from qianhang.plan.rules import Query, Rule, set_rule
from qianhang.store import Settings, Store

AT = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
LINES = (
    "云港市人工智能行动方案（2025—2027年）",
    "一、夯实基础",
    "（一）推出模型。到2026年，推出垂直模型20个以上。（市工业和信息化局牵头，市科学技术局配合）",
    "（二）建设数据。到2027年，建成数据集30个以上。（市数据局、市大数据中心按职责分工负责）",
    "二、深化应用",
    "（一）打造场景。到2025年，打造场景100个左右。（市发展和改革委员会牵头）",
    "（二）培育企业。到2027年，培育骨干企业3—5家。建设云港智能体平台。（市工业和信息化局牵头）",
    "（三）绿色算力。新建数据中心PUE低于1.25。（市通信管理局牵头）",
    "（四）宣传推广。开展培训。2026年底前完成。（市科学技术局牵头）",
)
TEXT = "\n".join(LINES)
INDUSTRY = "市工业和信息化局"
UNITS = {
    "1.1": Units(lead=(INDUSTRY,), support=("市科学技术局",)),
    "1.2": Units(responsible=("市数据局", "市大数据中心")),
    "2.1": Units(lead=("市发展和改革委员会",)),
    "2.2": Units(lead=(INDUSTRY,)),
    "2.3": Units(lead=("市通信管理局",)),
    "2.4": Units(lead=("市科学技术局",)),
}
TITLES = {
    "1": "夯实基础", "1.1": "推出模型", "1.2": "建设数据", "2": "深化应用", "2.1": "打造场景",
    "2.2": "培育企业", "2.3": "绿色算力", "2.4": "宣传推广",
}  # fmt: skip


def target(number, section, indicator, span, comparator, value, unit, deadline):
    start = TEXT.index(span)
    return Target(
        str(number), section, indicator, comparator, value, unit, deadline, span, start,
        start + len(span),
    )  # fmt: skip


def document():
    sections, tasks = [], []
    for path, title in TITLES.items():
        start = TEXT.index(title)
        units = UNITS.get(path, Units())
        sections.append(Section(path, title, start, start + 40, "compute", units))
        if "." in path:
            due = "2026年底前" if path == "2.4" else ""
            tasks.append(Task(path, title, start, start + 40, units, due))
    name = "云港智能体平台"
    place = TEXT.index(name)
    system = NamedSystem("2.2", name, "建设", "build", name, place, place + len(name))
    return Document(
        file="yungang.txt",
        text=TEXT,
        sha256="0" * 64,
        title="云港市人工智能行动方案",
        issuer="云港市人民政府",
        period="2025-2027",
        level="city",
        status="issued",
        sections=tuple(sections),
        tasks=tuple(tasks),
        targets=(
            target(1, "1.1", "垂直模型", "垂直模型20个以上", ">=", 20.0, "个", 2026),
            target(2, "1.2", "数据集", "数据集30个以上", ">=", 30.0, "个", 2027),
            target(3, "2.1", "场景", "场景100个左右", "~", 100.0, "个", 2025),
            target(4, "2.2", "骨干企业", "骨干企业3—5家", "=", (3.0, 5.0), "家", 2027),
            target(5, "2.3", "新建数据中心PUE", "PUE低于1.25", "<", 1.25, "", None),
        ),
        systems=(system,),
    )


def seen(store, *observations, grade="A", by="platform", at=AT):
    with store.write() as tx:
        return [observe(tx, o, grade=grade, by=by, at=at).seq for o in observations]


def opened(home):
    return Store.open(Settings(home=home), parts=(schema.PART,))


def kept(store):
    """The plan as it was read: nothing confirmed."""
    keep(store, document(), raw=TEXT.encode(), by="李雷", at=AT)


def confirmed(store):
    """The plan confirmed, with rules: models and scenarios counted, the rest without a rule."""
    plan = find_plan(store, "P1")
    confirm_all(store, plan, by="韩梅", at=AT)
    for code, kind in (("T1", "model"), ("T3", "run")):
        set_rule(
            store, find_item(store, f"P1.{code}"), Rule(Query((kind,), "count")), by="韩梅", at=AT
        )


def with_evidence(store):
    """Four models by June, twelve scenarios."""
    day = date(2026, 6, 1)
    seen(store, *(Observation("model", f"model-{n}", day) for n in range(4)))
    seen(store, *(Observation("run", f"scenario-{n}", day) for n in range(12)))


STEPS = {"draft": kept, "plan": confirmed, "evidenced": with_evidence}


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Stores after each step, made once: a test works on a copy of its own."""
    folder = tmp_path_factory.mktemp("stores")
    made, last = {}, None
    for name, step in STEPS.items():
        made[name] = folder / name
        if last:
            shutil.copytree(last, made[name])
        with opened(made[name]) as store:
            step(store)
        last = made[name]
    return made


@pytest.fixture
def store(request, tmp_path, homes):
    """A store as far as the plan that the test asks for."""
    wanted = [name for name in STEPS if name in request.fixturenames]
    if wanted:
        shutil.copytree(homes[wanted[-1]], tmp_path / "home")
    with opened(tmp_path / "home") as found:
        yield found


@pytest.fixture
def draft(store):
    return find_plan(store, "P1")


@pytest.fixture
def plan(store):
    return find_plan(store, "P1")


@pytest.fixture
def evidenced(store):
    return find_plan(store, "P1")


@pytest.fixture
def made_up():
    """The document itself, and a function that puts observations into a store."""
    return document, seen
