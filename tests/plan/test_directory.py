"""Printed names and the units they mean. Dates of reorganisations: the party and state reform plan
of March 2023 (金融监管总局 opened 18 May 2023, 国家数据局 25 October 2023)."""

from datetime import date

import pytest

from qianhang.plan import directory
from qianhang.plan.directory import find, is_known, kinds, nearest, place_of, region_of

NOW = date(2025, 6, 1)


@pytest.mark.parametrize(
    ("one", "other", "region"),
    [
        ("省发改委", "河南省发展和改革委员会", "河南省"),
        ("省发展改革委", "省发展和改革委员会", "河南省"),
        ("省工信厅", "省工业和信息化厅", "河南省"),
        ("省经信厅", "浙江省经济和信息化厅", "浙江省"),
        ("市工信局", "市工业和信息化局", "七台河市"),
        ("市卫健委", "市卫生健康委员会", "七台河市"),
        ("市住建局", "市住房和城乡建设局", "洛阳市"),
        ("市文广旅局", "市文化广电和旅游局", "洛阳市"),
        ("市人社局", "市人力资源社会保障局", "洛阳市"),
        ("市委网信办", "市网信办", "洛阳市"),
        ("省委金融办(省地方金融局)", "省委金融办", "浙江省"),
        ("人行浙江省分行", "中国人民银行浙江省分行", "浙江省"),
        ("河南金融监管局", "国家金融监督管理总局河南监管局", "河南省"),
        ("金融监管总局浙江监管局", "浙江金融监管局", "浙江省"),
        ("江西证监局", "中国证监会江西监管局", "江西省"),
        ("省国资委", "江西省国有资产监督管理委员会", "江西省"),
        ("市市场监管局", "市市监局", "洛阳市"),
        ("市场监管局", "市市场监督管理局", "洛阳市"),
        ("国家发展改革委", "国家发展和改革委员会", "河南省"),
        ("科技部", "科学技术部", ""),
        ("广东省政务和数据局", "省政务服务和数据管理局", "广东省"),
        ("省电力公司", "国网浙江省电力公司", "浙江省"),
    ],
)
def test_two_names_of_one_unit_are_one_unit(one, other, region):
    first, second = find(one, region=region, on=NOW), find(other, region=region, on=NOW)
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize(
    ("name", "region", "on", "canonical"),
    [
        ("河南银保监局", "河南省", date(2022, 5, 1), "中国银行保险监督管理委员会河南监管局"),
        ("河南银保监局", "河南省", NOW, "国家金融监督管理总局河南监管局"),
        ("河南金融监管局", "河南省", date(2022, 5, 1), "中国银行保险监督管理委员会河南监管局"),
        ("省大数据局", "山东省", date(2022, 5, 1), "山东省大数据管理局"),
        ("省大数据局", "山东省", NOW, "山东省数据局"),
        ("省经济和信息化委员会", "河南省", NOW, "河南省工业和信息化厅"),
        ("省经信厅", "浙江省", NOW, "浙江省经济和信息化厅"),
        ("省卫生计生委", "河南省", date(2016, 1, 1), "河南省卫生和计划生育委员会"),
        ("省卫生计生委", "河南省", NOW, "河南省卫生健康委员会"),
        ("省金融办", "河南省", date(2019, 1, 1), "河南省地方金融管理局"),
        ("省乡村振兴局", "河南省", NOW, "河南省农业农村厅"),
    ],
)
def test_a_reorganised_unit_is_found_by_its_dates(name, region, on, canonical):
    unit = find(name, region=region, on=on)
    assert unit is not None
    assert unit.name == canonical
    assert unit.since <= on <= unit.until


@pytest.mark.parametrize(
    ("name", "region", "level", "place"),
    [
        ("省科技厅", "河南省", "province", "河南省"),
        ("市科技局", "七台河市", "city", "七台河市"),
        ("县科技局", "", "county", ""),
        ("郑州市科技局", "河南省", "city", "郑州市"),
        ("双河县科技局", "洛阳市", "county", "双河县"),
        ("科技局", "桐乡市", "city", "桐乡市"),
        ("市科委", "上海市", "city", "上海市"),
        ("自治区科技厅", "广西壮族自治区", "province", "广西壮族自治区"),
        ("财政部", "河南省", "nation", "国家"),
    ],
)
def test_a_units_level_and_region_are_told(name, region, level, place):
    unit = find(name, region=region, on=NOW)
    assert unit is not None
    assert (unit.level, unit.region) == (level, place)


def test_the_same_office_of_two_provinces_is_two_units():
    henan = find("省科技厅", region="河南省", on=NOW)
    jiangxi = find("省科技厅", region="江西省", on=NOW)
    assert henan is not None
    assert jiangxi is not None
    assert henan.id != jiangxi.id


@pytest.mark.parametrize(
    "name", ["各县(市、区)人民政府", "高新区管委会", "省级有关部门", "某大学", ""]
)
def test_names_of_no_kind_are_not_found(name):
    assert find(name, region="河南省", on=NOW) is None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("工业和信息厅", "工业和信息化厅"),
        ("农村农业厅", "农业农村厅"),
        ("住房城乡建没厅", "住房城乡建设厅"),
        ("人力资源和社会保局", "人力资源和社会保障局"),
    ],
)
def test_a_slip_of_the_pen_is_mended(slip, meant):
    assert nearest(slip) == meant


@pytest.mark.parametrize(
    "name", ["工业和信息化厅", "文旅局", "规划和自然资源局", "经济信息委", "科工局"]
)
def test_a_name_of_its_own_is_not_mended(name):
    assert nearest(name) is None


def test_places_are_known_by_their_short_names():
    assert place_of("河南金融监管局") == "河南"
    assert place_of("人行河南省分行") == ""
    assert region_of("河南") == region_of("河南省") == "河南省"
    assert region_of("广西") == "广西壮族自治区"


def test_every_successor_is_in_the_directory_and_lives_after_its_predecessor():
    for kind in kinds().values():
        if kind.became:
            assert kinds()[kind.became].until > kind.until


def test_every_kind_is_known_by_its_own_name():
    assert all(is_known(kind.name) for kind in kinds().values())
    assert directory.is_party("委宣传部")
    assert not directory.is_party("科技局")
