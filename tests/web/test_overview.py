"""The overview: what a reader sees of targets, runs and news, and the map of tiles."""

import io
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from qianhang.core.errors import UsageError
from qianhang.plan import atlas, boundary, schema
from qianhang.plan.atlas import Place
from qianhang.runs import kept
from qianhang.web.views.tiles import Region, Tally, regions

from .conftest import now

NUMBER = "GS(2024)0650号"
MAP = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "河南省"},
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        }
    ],
}


def test_a_stranger_sees_the_portal_and_a_person_the_overview(site, signed):
    assert 'href="/open/complaint"' in site.client.get("/").text
    page = signed("viewer").get("/").text
    assert "tile-map" in page
    assert 'href="/open/complaint"' not in page


def test_the_overview_counts_only_plans_that_the_reader_may_see(site, signed):
    site.org("alpha", kind="company")
    site.org("beta", kind="company")
    plan = site.plan(org="alpha")
    mine, theirs = (signed("viewer", org=o).get("/").text for o in ("alpha", "beta"))
    assert f"/plans/{plan.ref}" in mine
    assert f"/plans/{plan.ref}" not in theirs


def test_news_and_counts_leave_out_runs_of_others(site, signed):
    site.org("alpha", kind="company")
    site.org("beta", kind="company")
    run = site.run(org="alpha", own="x")
    with site.store.write() as tx:
        payload = {"scenario": run.scenario, "facts": {"stage": "accepted"}, "files": {}}
        tx.append("run.finished", run.id, payload=payload, at=now())
    mine, theirs = (signed("viewer", org=o).get("/").text for o in ("alpha", "beta"))
    assert f"/runs/{run.id}" in mine
    assert run.id not in theirs
    assert "/runs?state=finished" in mine
    assert "/runs?state=finished" not in theirs


def test_every_province_has_a_tile_of_its_own():
    found = atlas.provinces()
    assert len(found) == 34
    assert len({(p.column, p.row) for p in found}) == 34
    assert sum(len(p.cities) for p in found) == 333
    for one in found:
        assert len({(c.column, c.row) for c in one.cities}) == len(one.cities)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("河南省", Place("河南")),
        ("七台河市", Place("黑龙江", "七台河")),
        ("黑龙江省七台河市", Place("黑龙江", "七台河")),
        ("吉林市", Place("吉林", "吉林")),
        ("吉林省", Place("吉林")),
        ("广西壮族自治区南宁市", Place("广西", "南宁")),
        ("海南省", Place("海南")),
        ("北京市", Place("北京")),
        ("大兴安岭地区", Place("黑龙江", "大兴安岭地区")),
        ("伊犁哈萨克自治州", Place("新疆", "伊犁")),
        ("郑州高新区", Place("河南", "郑州")),
        ("某公司", None),
        ("惠民县", None),
        ("德力西公司", None),
        ("朝阳区", None),
        ("", None),
    ],
)
def test_a_name_is_put_in_its_place(name, place):
    assert atlas.place_of(name) == place


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("河南省", "Henan"),
        ("郑州市", "Zhengzhou"),
        ("河南省郑州市", "Zhengzhou"),
        ("吉林市", "Jilin City"),
        ("楚雄彝族自治州", "Chuxiong"),
        ("阿克苏地区", "Aksu"),
        ("郑州高新区", "郑州高新区"),
        ("云泽市", "云泽市"),
        ("", ""),
    ],
)
def test_a_region_has_its_english_name_and_what_is_none_keeps_its_own(name, english):
    assert atlas.named(name, english=True) == english
    assert atlas.named(name, english=False) == name


def test_a_chosen_province_opens_its_cities(signed):
    page = signed("viewer").get("/?province=河南").text
    assert "驻马店" in page
    assert "驻马店" not in signed("viewer").get("/?province=nowhere").text


def test_the_numbers_of_the_map_are_files_of_the_country_or_of_one_province(site, signed):
    """The sample plan made Hangzhou's: the province counts it too."""
    plan = site.plan(confirm=False)
    with site.store.write() as tx:
        tx.execute(
            sa.update(schema.plan).where(schema.plan.c.id == plan.id).values(region="杭州市")
        )
    viewer = signed("viewer")
    country = viewer.get("/map.csv").content.decode("utf-8-sig").splitlines()
    assert country[0] == "地区,计划,目标,已完成,占比（%）,在用场景"
    assert len(country) == 1 + 34
    assert "浙江省,1,0,0,,0" in country
    page = viewer.get("/?province=浙江").text
    (place,) = re.findall(r'href="(/map\.csv\?[^"]+)"', page)
    cities = viewer.get(place).content.decode("utf-8-sig").splitlines()
    assert "杭州,1,0,0,,0" in cities
    book = viewer.get("/map.xlsx?province=浙江")
    (sheet,) = load_workbook(io.BytesIO(book.content)).worksheets
    assert (sheet.title, sheet.max_row) == ("浙江省", len(cities))


def test_each_province_is_a_link_with_a_name_for_screen_readers(signed):
    page = signed("viewer").get("/").text
    links = re.findall(r'<a href="\?measure=targets&amp;province=[^"]+" aria-label="([^"]+)"', page)
    assert len(links) == 34


def test_a_map_is_kept_with_its_approval_number_which_is_printed(site, signed):
    raw = json.dumps(MAP).encode()
    kept_map = boundary.keep(site.store, raw, approval="审图号：GS(2024)0650号", by="t", at=now())
    assert kept_map.regions == ("河南省",)
    client = signed("viewer")
    assert "GS(2024)0650号" in client.get("/").text
    assert client.get("/map.json").json() == MAP
    assert site.client.get("/map.json", follow_redirects=False).status_code == 303


def test_beside_the_drawn_map_a_link_opens_each_province_as_its_tile_does(site, signed):
    client = signed("viewer")
    tiles = set(
        re.findall(r'<a href="(\?measure=targets&amp;province=[^"]+)"', client.get("/").text)
    )
    boundary.keep(site.store, json.dumps(MAP).encode(), approval=NUMBER, by="t", at=now())
    page = client.get("/?province=河南").text
    links = re.findall(r'<a class="in" href="([^"]+)" data-province="([^"]+)"', page)
    assert {to for to, _ in links} == tiles
    assert re.findall(r'data-province="(\w+)" aria-current="true"', page) == ["河南"]
    assert 'data-chosen="河南"' in page
    assert "驻马店" in page
    assert NUMBER in page


@pytest.mark.parametrize(("lang", "said"), [("zh", "河南省"), ("en", "Henan")])
def test_each_region_of_the_drawn_map_knows_which_province_it_opens(lang, said):
    known = {Place("河南"): Tally(1, 4, 3, 2), Place("河南", "郑州"): Tally(1, 2, 1, 1)}
    found = regions(known, ["河南省", "郑州市", "海里"], lang=lang)
    assert found == {
        "河南省": Region(said, "河南", 0.75, 2),
        "郑州市": Region("郑州市", "河南", 0.5, 1),
    }


@pytest.mark.parametrize(
    ("raw", "approval"),
    [
        (json.dumps(MAP), "123"),
        ("no json", "GS(2024)0650号"),
        ('{"type": "FeatureCollection", "features": []}', "GS(2024)0650号"),
        ('{"type": "FeatureCollection", "features": [1, {"geometry": 2}]}', "GS(2024)0650号"),
        ("[]", "GS(2024)0650号"),
    ],
)
def test_a_map_without_number_or_regions_is_refused(site, raw, approval):
    with pytest.raises(UsageError, match="QH835"):
        boundary.keep(site.store, raw.encode(), approval=approval, by="t", at=now())
    assert boundary.boundary(site.store) is None


def test_scenarios_in_use_are_counted_where_the_organisation_lies(site, signed):
    site.org("zz", kind="city")
    with site.store.write() as tx:
        from qianhang.access import organisations

        organisations.rename_organisation(tx, "zz", name="郑州市", by="t", at=now())
    site.run(org="zz")
    page = signed("viewer", org="zz").get("/?measure=scenarios&province=河南").text
    assert re.search(r'aria-label="郑州[^"]* 1"', page)
    assert re.search(r'aria-label="河南[^"]* 1"', page)
    assert kept.kept(site.store, None) == []


def test_what_lies_on_no_tile_is_counted_beside_the_map_and_the_page_says_why(site, signed):
    """The sample plan's city is invented; with Zhengzhou's plan beside it its province is open."""
    site.plan()
    page = signed("viewer").get("/").text
    assert "图上还没有着色" in page
    assert re.search(r"<th scope=\"row\">云泽市</th><td class=\"num\">1</td>", page)
    found = signed("viewer").get("/api/v1/overview/map").json()
    assert [(one["name"], one["plans"]) for one in found["elsewhere"]] == [("云泽市", 1)]
    with site.store.write() as tx:
        tx.execute(sa.update(schema.plan).values(region="郑州市"))
        tx.append("plan.review", "P1", payload={}, at=now())
    again = signed("viewer").get("/").text
    assert "图上还没有着色" not in again
    assert "驻马店" in again
    assert "不在图上" not in again


def test_news_are_told_past_a_record_of_an_earlier_moment(site, signed):
    """Usage metered late tells of its own time: what came before it is news all the same."""
    run = site.run()
    with site.store.write() as tx:
        payload = {"scenario": run.scenario, "facts": {"stage": "accepted"}, "files": {}}
        tx.append("run.finished", run.id, payload=payload, at=now())
        tx.append("billing.usage", "u", payload={}, at=now() - timedelta(days=30))
    assert f"/runs/{run.id}" in signed("viewer").get("/").text
