"""What is put into the ledger stays as it came; what was read is a draft."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from qianhang.core.errors import ContractError, UsageError
from qianhang.plan import items, review, schema, units_known
from qianhang.plan.document import Document, NamedSystem, Section, Target, Task, Units
from qianhang.plan.ledger import add_task, keep
from qianhang.plan.reading.read import read

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TEXT = "云泽市行动方案\n一、算力\n建成智算平台，模型达到20个。（责任单位：市数据局、市科技局）\n"


def document(text=TEXT, **more):
    units = Units(responsible=("市数据局", "市科技局"))
    start = text.index("模型达到20个")
    given = {
        "title": "云泽市行动方案",
        "issuer": "云泽市人民政府",
        "period": "2025-2027",
        "level": "city",
        "sections": (Section("1", "算力", 8, len(text), "compute", units),),
        "tasks": (Task("1", "算力", 8, len(text), units),),
        "targets": (
            Target("t", "1", "模型", "=", 20.0, "个", None, "模型达到20个", start, start + 7),
        ),
        "systems": (NamedSystem("1", "智算平台", "建成", "build", "建成智算平台", 13, 19),),
    }
    return Document("plan.txt", text, "0" * 64, **{**given, **more})


def kept(store, **more):
    doc = document(**more)
    return keep(store, doc, raw=doc.text.encode(), by="赵一", at=NOW)


def test_the_migration_makes_the_tables_of_the_schema(ledger):
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, schema.metadata)
    ours = [d for d in found if not (d[0] == "remove_table" and d[1].name.startswith("version_"))]
    # Other services' tables are not in this store, nor is the office's in this metadata.
    assert [
        d for d in ours if "plan" in str(d) and d[0] not in ("remove_table", "remove_index")
    ] == []


def test_bytes_and_text_are_kept_as_they_came(ledger):
    raw = TEXT.encode("gbk")
    plan = ledger_keep(ledger, raw).plan
    with ledger.read() as connection:
        row = connection.execute(sa.select(schema.plan_text)).one()
    assert ledger.files.get(row.sha256) == raw
    assert items.text_of_plan(ledger, plan) == TEXT
    assert ledger.verify().files == 2


def ledger_keep(store, raw):
    return keep(store, document(), raw=raw, by="赵一", at=NOW)


def test_everything_read_is_a_draft_with_a_code_and_its_place(ledger):
    plan = kept(ledger).plan
    found = items.items(ledger, plan)
    assert [(i.ref, i.kind, i.state) for i in found] == [
        ("P1.S1", "section", "draft"), ("P1.K1", "task", "draft"), ("P1.T1", "target", "draft"),
        ("P1.Y1", "system", "draft"),
    ]  # fmt: skip
    target = items.find_item(ledger, "p1.t1")
    assert TEXT[target.start : target.end] == target.span == "模型达到20个"
    assert items.find_item(ledger, "P1.S1").values["industry"] == "compute"


def test_the_same_file_twice_changes_nothing(ledger):
    first = kept(ledger)
    log = ledger.entries()
    second = kept(ledger)
    assert (second.again, second.plan, second.version) == (True, first.plan, 1)
    assert ledger.entries() == log


def test_a_deadline_that_is_not_printed_is_that_of_the_plan(ledger):
    kept(ledger)
    values = items.find_item(ledger, "P1.T1").values
    assert (values["deadline"], values["deadline_source"]) == (2027, "inherited")


def test_the_first_of_those_responsible_leads_by_convention(ledger):
    plan = kept(ledger).plan
    rows = [(a.item, a.unit, a.role, a.source) for a in items.assignments(ledger, plan)]
    assert rows[:3] == [
        ("S1", "市数据局", "responsible", "printed"), ("S1", "市科技局", "responsible", "printed"),
        ("S1", "市数据局", "lead", "convention"),
    ]  # fmt: skip
    assert items.leaders(ledger, plan)["T1"] == items.Led(("市数据局",), convention=True)
    assert [u.name for u in units_known.units(ledger)] == ["云泽市数据局", "云泽市科学技术局"]


def test_a_region_is_read_from_issuer_or_title(ledger):
    assert kept(ledger).plan.region == "云泽市"


def test_a_plan_is_found_by_number_or_by_words_of_its_title(ledger):
    plan = kept(ledger).plan
    assert items.find_plan(ledger, "P1") == items.find_plan(ledger, "行动方案") == plan
    with pytest.raises(UsageError, match="QH820"):
        items.find_plan(ledger, "P7")
    with pytest.raises(UsageError, match="QH821"):
        items.find_item(ledger, "P1.T9")
    with pytest.raises(UsageError, match="QH821"):
        items.find_item(ledger, "T1")


def test_nobody_puts_in_a_plan_without_a_name(ledger):
    with pytest.raises(UsageError, match="QH823"):
        ledger_keep_nameless(ledger)
    assert items.plans(ledger) == ()


def ledger_keep_nameless(store):
    return keep(store, document(), raw=b"x", by=" ", at=NOW)


def test_a_task_added_by_hand_stands_last_and_is_edited(ledger):
    plan = kept(ledger).plan
    made = ledger_add(ledger, plan)
    assert (made.code, made.state) == ("K2", "edited")
    assert items.items(ledger, plan, kind="task")[-1] == made
    assert items.leaders(ledger, plan)["K2"] == items.Led(("市教育局",))


def ledger_add(store, plan):
    return add_task(store, plan, title="编写教材", units={"lead": ["市教育局"]}, by="赵一", at=NOW)


def test_an_alias_holds_between_its_days(ledger):
    kept(ledger)
    until = datetime(2025, 1, 1, tzinfo=UTC).date()
    told = {"region": "云泽市", "by": "赵一", "at": NOW}
    units_known.add_alias(ledger, "云泽市数据局", "市大数据局", until=until, **told)
    assert units_known.canonical(ledger, "市大数据局", on=until) == "云泽市数据局"
    assert units_known.canonical(ledger, "市大数据局", on=NOW.date()) == "市大数据局"


@pytest.mark.parametrize("name", ["henan", "jiangxi", "qitaihe", "zhejiang", "cppcc"])
def test_published_plans_go_in_and_every_item_points_at_its_words(ledger, plan_texts, name):
    path = plan_texts / "texts" / f"{name}.txt"
    done = ledger_read(ledger, path)
    text = items.text_of_plan(ledger, done.plan)
    assert text.encode() == path.read_bytes()
    for item in items.items(ledger, done.plan, kind="target"):
        assert text[item.start : item.end] == item.span


def ledger_read(store, path):
    return keep(store, read(path), raw=path.read_bytes(), by="赵一", at=NOW)


def test_a_row_of_an_annexed_table_leads_what_stands_in_it_and_nothing_else(ledger):
    table = "附件\n1\t建成数据集30个\t市教育局\n"
    text = TEXT + table
    row, start = text.index("1\t"), text.index("建成数据集")
    units = Units(lead=("市教育局",))
    first = document()
    second = Target("u", "1", "数据集", "=", 30.0, "个", None, "建成数据集30个", start, start + 8)
    kept(
        ledger,
        text=text,
        sections=(*first.sections, Section("1", "建成数据集", row, len(text), None, units)),
        tasks=(*first.tasks, Task("1", "建成数据集", row, len(text), units)),
        targets=(*first.targets, second),
    )
    plan = items.find_plan(ledger, "P1")
    leads = items.leaders(ledger, plan)
    assert (leads["T1"].units, leads["T2"].units) == (("市数据局",), ("市教育局",))


def test_a_text_that_is_no_plan_is_refused_and_nothing_is_kept(ledger):
    empty = {"sections": (), "tasks": (), "targets": (), "systems": ()}
    with pytest.raises(
        ContractError, match=r"QH185 plan.txt: found \d+ characters with 0 headings"
    ):
        kept(ledger, **empty)
    assert items.plans(ledger) == ()


def test_a_known_file_may_still_be_put_under_a_parent(ledger):
    province = kept(ledger, title="云山省行动方案", text=TEXT + "云山省。\n").plan
    city = kept(ledger).plan
    doc = document()
    again = keep(ledger, doc, raw=doc.text.encode(), by="赵一", at=NOW, parent=province)
    assert (again.again, again.plan.parent) == (True, province.id)
    assert items.find_plan(ledger, city.ref).parent == province.id


def test_no_plan_stands_under_itself_or_under_what_carries_it_out(ledger):
    """P1 over P2 over P3: neither of the lower two, nor P1 itself, can stand over P1."""
    top = kept(ledger).plan
    middle = kept(ledger, title="清河县行动方案", text=TEXT + "清河县。\n").plan
    low = kept(ledger, title="柳林镇行动方案", text=TEXT + "柳林镇。\n").plan
    middle = review.edit_heading(ledger, middle, {"parent": top.id}, by="赵一", at=NOW)
    low = review.edit_heading(ledger, low, {"parent": middle.id}, by="赵一", at=NOW)
    doc = document()
    for parent in (low, middle, top):
        with pytest.raises(UsageError, match="QH826 P1 cannot be put under"):
            keep(ledger, doc, raw=doc.text.encode(), by="赵一", at=NOW, parent=parent)
        with pytest.raises(UsageError, match="QH826"):
            review.edit_heading(ledger, top, {"parent": parent.id}, by="赵一", at=NOW)
    assert [p.parent for p in items.plans(ledger)] == [None, top.id, middle.id]
