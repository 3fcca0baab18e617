"""Published documents with annotations, for tests of reading."""

import importlib.util
import json
import os
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qianhang.plan import schema
from qianhang.plan.document import Document, Target
from qianhang.plan.ledger import keep
from qianhang.plan.reading.clutter import body
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.outline import outline
from qianhang.store import Settings, Store

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="session")
def plan_texts():
    """The folder `plans` with texts/ and gold/, found under the folders of QIANHANG_DATA."""
    named = [Path(p) for p in os.environ.get("QIANHANG_DATA", "").split(os.pathsep) if p]
    found = next((p / "plans" for p in named if (p / "plans" / "texts").is_dir()), None)
    if found is None:
        missing = "no folder of QIANHANG_DATA holds plans/texts"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def scorer(plan_texts):
    """The scorer beside the texts."""
    spec = importlib.util.spec_from_file_location("plan_score", plan_texts / "score.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="session")
def placed_f1(plan_texts, scorer):
    """F1 by place and name of a reader of systems or measures."""

    def f1(read, kind):
        tally = scorer.Tally()
        for path in sorted((plan_texts / "gold").glob("*.json")):
            folded = fold((plan_texts / "texts" / f"{path.stem}.txt").read_text("utf8"))
            parts = []
            for part in read(folded, outline(folded, body(folded))):
                start, end = folded.span(part.start, part.end)
                parts.append(asdict(part) | {"start": start, "end": end})
            gold = json.loads(path.read_text("utf8"))[f"{kind}s"]
            scorer.things(gold, parts, tally, [], kind)
        return scorer.prf(tally[f"{kind} (place+name~)"])[2]

    return f1


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("ledger")
    Store.open(Settings(home=folder), parts=(schema.PART,)).close()
    return folder


@pytest.fixture
def ledger(tmp_path, empty_ledger):
    """An empty store with the ledger's tables."""
    home = shutil.copytree(empty_ledger, tmp_path / "ledger")
    with Store.open(Settings(home=home), parts=(schema.PART,)) as opened:
        yield opened


@pytest.fixture
def put_plan(ledger):
    """put_plan(text, targets=[...]) -> Kept, from a text and the quantities written in it."""

    def put(text="云泽市行动方案", *, targets=(), by="赵一", at=NOW, **head):
        placed = [_placed(text, n, dict(t)) for n, t in enumerate(targets)]
        given = {"title": text.split("\n")[0], "period": "2025-2027", "level": "city"} | head
        document = Document("plan.txt", text, "0" * 64, targets=tuple(placed), **given)
        return keep(ledger, document, raw=text.encode(), by=by, at=at)

    return put


def _placed(text, number, told):
    span = told.pop("span", told["indicator"])
    start = text.find(span)
    filled = {"section": "1", "comparator": ">=", "unit": "个", "deadline": 2027} | told
    return Target(f"t{number}", span=span, start=start, end=start + len(span), **filled)
