"""Counts by state of review, against the items themselves."""

from collections import Counter
from datetime import UTC, datetime

from qianhang.plan import SAMPLE, items, ledger, review, schema
from qianhang.plan.reading.read import read
from qianhang.plan.tally import states_of_items
from qianhang.store import Settings, Store

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def test_counts_are_those_of_the_newest_version_alone(tmp_path):
    with Store.open(Settings(home=tmp_path), parts=(schema.PART,)) as store:
        text = SAMPLE.read_text(encoding="utf8")
        for number, body in enumerate((text, text.replace("20个以上", "25个以上"))):
            file = tmp_path / f"v{number}.txt"
            file.write_text(body, encoding="utf8")
            plan = ledger.keep(store, read(file), raw=file.read_bytes(), by="张三", at=NOW).plan
            review.confirm_all(store, plan, by="张三", at=NOW, kinds=("target",))
        assert plan.version == 2
        expected = Counter(i.state for i in items.items(store, plan))
        assert states_of_items(store) == {plan.id: dict(expected)}
