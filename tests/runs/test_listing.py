"""Lists of runs beside a filter over all of them, for readers who cover little and much."""

import pytest
import sqlalchemy as sa

from qianhang.runs import listing, open_store, tables
from qianhang.store import Settings

ORGS = ("root", *(f"o{n:02d}" for n in range(30)))
STATES = ("finished", "failed", "running")


def _row(number):
    at = f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}.000+00:00"
    return {
        "id": f"r{number:04d}", "key": str(number), "scenario": f"a.s{number % 3}", "case": "c",
        "state": STATES[number % 5 % 3], "verdict": "", "process": "elsewhere 1 x", "started": at,
        "ended": at, "request": "{}", "result": "{}", "org": ORGS[number % 7 * 4],
        "own": bool(number % 2),
    }  # fmt: skip


ROWS = [_row(number) for number in range(120)]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """120 runs of seven organisations, half of them on data of one's own."""
    with open_store(Settings(home=tmp_path_factory.mktemp("listing"))) as opened:
        with opened.write() as tx:
            tx.execute(sa.insert(tables.run), ROWS)
        yield opened


@pytest.mark.parametrize(
    "where", [{}, {"state": "failed"}, {"scenario": "a.s1", "state": "finished"}]
)
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("orgs", [None, (), ("o03",), ("root", "o07"), ORGS[1:9], ORGS[1:], ORGS])
def test_a_list_holds_what_is_to_be_seen_newest_first_page_by_page(store, orgs, shared, where):
    told = [
        row["id"] for row in reversed(ROWS)
        if (orgs is None or row["org"] in orgs or (shared and row["org"] == "root" and not row["own"]))
        and all(row[name] == value for name, value in where.items())
    ]  # fmt: skip
    found, before = [], None
    while page := listing.lines(store, orgs=orgs, shared=shared, before=before, limit=7, **where):
        found += page
        before = page[-1].cursor
    assert [one.id for one in found] == told
    assert {type(one.own) for one in found} <= {bool}
