"""Meters by month: twelve of them make a PUE, and no fault of a file passes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest

from qianhang.compute.door import plant
from qianhang.compute.green import pue
from qianhang.compute.green.meters import Metered, next_month, read
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.manifest import Words

TODAY = date(2026, 5, 2)
AT = datetime(2026, 5, 2, tzinfo=UTC)


def told(text, **more):
    given = {"site": "s", "source": "meter", "today": TODAY, "name": "m.csv"} | more
    return read(text.encode(given.pop("encoding", "utf8")), **given)


def year(pues=(1.2,) * 12, it=(100.0,) * 12, last="2026-04"):
    first = next_month(last, 1 - len(pues))
    return tuple(
        Metered("s", next_month(first, n), p * e, e, "meter")
        for n, (p, e) in enumerate(zip(pues, it, strict=True))
    )


def test_a_file_in_either_language_gives_its_months_in_order():
    found = told('month,total_kwh,it_kwh\n2026-03,130,100\n\n2026-02,"1,250","1,000"\n')
    assert [(m.month, m.total_kwh, m.it_kwh, m.source) for m in found] == [
        ("2026-02", 1250.0, 1000.0, "meter"),
        ("2026-03", 130.0, 100.0, "meter"),
    ]
    rows = "月份,总用电量（kWh）,IT用电量（kWh）,来源\n2026年3月,130,100,供电局\n"
    (one,) = told(rows, encoding="gb18030")
    assert (one.month, one.pue, one.source) == ("2026-03", 1.3, "供电局")


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ("2026-13,130,100", "row 2, field month: found '2026-13'"),
        ("2026-05,130,100", "row 2, field month: found 2026-05, expected a month that is over"),
        ("2026-03,130,100\n2026/3,130,100", "row 3, field month: found 2026-03 again"),
        ("2026-03,much,100", "row 2, field total_kwh: found 'much'"),
        ("2026-03,130,nan", "row 2, field it_kwh: found 'nan'"),
        ("2026-03,130,-1", "row 2, field it_kwh: found '-1'"),
        ("2026-03,130,0", "row 2, field it_kwh: found 0 kWh, expected more than 0"),
        ("2026-03,99,100", "row 2, field total_kwh: found 99 kWh, expected 100 (it_kwh) to 1,000"),
        ("2026-03,1300,100", "row 2, field total_kwh: found 1,300 kWh"),
        ("2026-03,130", "row 2, field it_kwh: found ''"),
        ("", "found no month"),
    ],
)
def test_a_row_that_cannot_be_is_named_by_file_row_and_field(rows, place):
    with pytest.raises(ContractError, match=r"QH539 m\.csv") as caught:
        told(f"month,total_kwh,it_kwh\n{rows}\n")
    assert place in str(caught.value)


def test_a_file_without_its_columns_or_of_another_kind_is_refused():
    with pytest.raises(ContractError, match="row 1, field it_kwh: found month, total_kwh"):
        told("month,total_kwh\n2026-03,130\n")
    with pytest.raises(ContractError, match="neither UTF-8 nor GB18030"):
        read(b"\xff\xff\x00", site="s", source="", today=TODAY, name="m.csv")


def test_twelve_months_weigh_by_their_energy():
    """Eleven months of 100 kWh at 1.2 and one of 900 at 1.4: (1320 + 1260) / 2000 = 1.29."""
    found = year((1.2,) * 11 + (1.4,), (100.0,) * 11 + (900.0,))
    last = pue.series(found)[-1]
    assert last.value == pytest.approx(1.29)
    assert (last.whole, last.start, last.end) == (True, "2025-05-01", "2026-04-30")
    assert [one.months for one in pue.series(found)] == list(range(1, 13))


def test_a_month_that_is_missing_leaves_the_year_incomplete_and_an_old_one_falls_out():
    found = year((1.9, *(1.2,) * 12), (100.0,) * 13)
    assert pue.series(found)[-1].value == pytest.approx(1.2)
    without = [m for m in found if m.month != "2025-09"]
    last = pue.series(without)[-1]
    assert (last.months, last.whole) == (11, False)
    assert pue.rolling(found, "2030-01") is None


def test_sites_above_the_limit_come_worst_first():
    low, high = year((1.25,) * 12), year((1.6,) * 12)
    worst = [dataclasses.replace(m, site="t") for m in year((1.9,) * 12)]
    other = [dataclasses.replace(m, site="u") for m in high]
    found = pue._current([*low, *worst, *other])
    assert [one.site for one in pue.above(found)] == ["t", "u"]
    assert [one.site for one in pue.above(found, 1.7)] == ["t"]


@pytest.fixture
def joined(store):
    pools = tuple(
        Pool(name, "op", (Stock("cpu-core", 1, 4),), site=site)
        for name, site in (("p1", "hall"), ("p2", "hall"), ("p3", ""))
    )
    plant.add(store, Network(pools, (Operator("op", Words("甲", "A")),)), by="t", at=AT)
    return store


def put(store, rows, site="hall"):
    raw = ("month,total_kwh,it_kwh\n" + rows).encode()
    return pue.add(store, site, raw, name="m.csv", source="power bureau", by="t", at=AT)


def test_pools_of_a_site_are_placed_and_charged_by_its_meters(joined):
    """130 / 100 and then, told anew, 120 / 100 with 140 / 100: 260 / 200."""
    put(joined, "2026-03,130,100\n")
    assert [one.pool.pue.value for one in plant.pools(joined)] == [1.3, 1.3, 1.5]
    put(joined, "2026-03,120,100\n2026-04,140,100\n")
    reading = plant.held(joined, "p2").pool.pue
    assert (reading.value, reading.kind) == (1.3, "metered")
    assert (reading.start, reading.end) == ("2026-03-01", "2026-04-30")
    assert reading.source == "power bureau (2/12)"
    assert [m.total_kwh for m in pue.months(joined, "hall")] == [120.0, 140.0]
    assert len(joined.entries(kind="compute.pue", subject="hall")) == 2
    assert joined.verify().ok


def test_a_site_where_no_pool_stands_is_refused(joined):
    with pytest.raises(UsageError, match=r"QH538.*'p1'") as caught:
        put(joined, "2026-03,130,100\n", site="p1")
    assert "hall, p3" in caught.value.hint
    with pytest.raises(UsageError, match="QH538 meters of hall: found no name"):
        pue.add(joined, "hall", b"", name="m.csv", source="b", by=" ", at=AT)
