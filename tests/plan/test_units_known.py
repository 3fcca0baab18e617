"""One unit however it is printed, in one plan and across its versions; two offices stay two."""

from datetime import UTC, date, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan import items, review, units_known
from qianhang.plan.document import Document, Section, Target, Units
from qianhang.plan.ledger import keep
from qianhang.plan.rollup import by_unit
from qianhang.plan.standing import standings

PRINTED = ("省发展改革委", "发展改革委", "发改委", "省发展和改革委员会")


def document(leads, *, title="河南省行动方案", level="province", **more):
    """A plan whose section 1, 2 ... is led by the first, second ... of these, a target in each."""
    lines = [title, *(f"{n}、任务{n}\n培育企业{n}家。" for n in range(1, len(leads) + 1))]
    text = "\n".join(lines)
    sections, targets = [], []
    for n, lead in enumerate(leads, start=1):
        start = text.index(f"{n}、任务")
        place = text.index(f"培育企业{n}家")
        units = Units(lead=(lead,)) if isinstance(lead, str) else Units(responsible=lead)
        sections.append(Section(str(n), f"任务{n}", start, place + 8, None, units))
        span = f"培育企业{n}家"
        told = (f"企业{n}", "=", float(n), "家", 2027, span, place, place + len(span))
        targets.append(Target(f"t{n}", str(n), *told))
    given = {"title": title, "level": level, "date": "2026-03-01", "period": "2025-2027"}
    held = {"sections": tuple(sections), "targets": tuple(targets)}
    return Document("plan.txt", text, "0" * 64, **given, **held, **more)


def put(store, now, leads, **more):
    made = document(leads, **more)
    raw = (made.text + repr(leads)).encode()
    return keep(store, made, raw=raw, by="赵一", at=now)


def led(store, plan):
    return {led.units for led in items.leaders(store, plan).values()}


@pytest.fixture
def now():
    return datetime(2026, 6, 1, 8, tzinfo=UTC)


def test_four_ways_of_printing_one_unit_are_one_unit(ledger, now):
    plan = put(ledger, now, PRINTED).plan
    assert led(ledger, plan) == {("省发展改革委",)}
    assert [u.name for u in units_known.units(ledger)] == ["河南省发展和改革委员会"]
    review.confirm_all(ledger, plan, by="钱二", at=now)
    rows = by_unit(standings(ledger, plan, on=now.date()))
    assert [(r.name, r.targets) for r in rows] == [("省发展改革委", 4)]


def test_another_spelling_in_a_re_issue_is_no_change_and_another_unit_is(ledger, now):
    plan = put(ledger, now, ("省发展改革委", "省科技厅")).plan
    review.confirm_all(ledger, plan, by="钱二", at=now)
    again = put(ledger, now, ("省发展和改革委员会", "省教育厅"))
    assert [c.after.name for c in again.difference.changed] == ["任务2"]
    found = {i.name: i for i in items.items(ledger, again.plan, kind="section")}
    assert (found["任务1"].state, found["任务2"].state) == ("confirmed", "draft")
    assert found["任务1"].values["units"]["lead"] == ["省发展和改革委员会"]
    names = [u.name for u in units_known.units(ledger)]
    assert names == ["河南省发展和改革委员会", "河南省科学技术厅", "河南省教育厅"]


def test_a_citys_and_a_provinces_bureau_are_two(ledger, now):
    leads = ("市发展改革委", "发改委", "省发展改革委")
    plan = put(ledger, now, leads, title="七台河市行动方案", level="city").plan
    found = items.leaders(ledger, plan)
    assert [found[f"T{n}"].units for n in (1, 2, 3)] == [
        ("市发展改革委",), ("市发展改革委",), ("省发展改革委",),
    ]  # fmt: skip
    assert [(u.name, u.level, u.region) for u in units_known.units(ledger)] == [
        ("七台河市发展和改革委员会", "city", "七台河市"),
        ("黑龙江省发展和改革委员会", "province", "黑龙江省"),
    ]


def test_a_city_of_no_map_and_its_province_have_two_bureaus_as_well(ledger, now):
    leads = ("市数据局", "省数据局")
    plan = put(ledger, now, leads, title="云泽市行动方案", level="city").plan
    assert len(led(ledger, plan)) == 2


def test_two_provinces_have_two_bureaus_of_one_name(ledger, now):
    put(ledger, now, ("省发展改革委",))
    put(ledger, now, ("省发展改革委",), title="江西省行动方案")
    names = [u.name for u in units_known.units(ledger)]
    assert names == ["河南省发展和改革委员会", "江西省发展和改革委员会"]


def test_another_name_needs_a_unit_and_a_person(ledger, now):
    put(ledger, now, ("省数据局",))
    for unit, by in (("某某局", "赵一"), ("省数据局", " ")):
        with pytest.raises(UsageError, match=r"QH82[36]"):
            units_known.add_alias(ledger, unit, "数字办", region="河南省", by=by, at=now)


def test_a_list_that_names_a_unit_twice_names_it_once(ledger, now):
    plan = put(ledger, now, (("省发展改革委", "省科技厅"), "省发改委")).plan
    assert items.leaders(ledger, plan)["S1"].units == ("省发展改革委",)
    assert items.leaders(ledger, plan)["S2"].units == ("省发展改革委",)


def test_without_a_region_a_bare_name_is_of_the_plans_own_level(ledger, now):
    plan = put(ledger, now, ("发展改革委", "省发展改革委"), title="行动方案").plan
    assert led(ledger, plan) == {("发展改革委",)}


def test_what_people_call_a_unit_counts_from_then_on(ledger, now):
    plan = put(ledger, now, ("省数据局", "省数字办")).plan
    assert items.leaders(ledger, plan)["T2"].units == ("省数字办",)
    told = {"region": "河南省", "by": "赵一", "at": now}
    units_known.add_alias(ledger, "省数据局", "省数字办", since=date(2026, 1, 1), **told)
    assert items.leaders(ledger, plan)["T2"].units == ("省数据局",)
