"""The province, city or county that a document is for, and the level of government behind it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

__all__ = ["level_of", "region_of"]

_PROVINCES = (
    "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东",
    "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾",
)  # fmt: skip
_REGIONS = {
    "内蒙古": "内蒙古自治区", "广西": "广西壮族自治区", "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区", "新疆": "新疆维吾尔自治区",
}  # fmt: skip
_CITIES = ("北京", "天津", "上海", "重庆")
_ANY = "|".join((*_PROVINCES, *_REGIONS, *_CITIES))
_PROVINCE = re.compile(rf"(?P<n>{_ANY})(?:省|市|壮族|回族|维吾尔)?(?:自治区)?")
# A province that no list holds: an invented one in a template or an exercise.
_OTHER = re.compile(
    r"(?P<n>[一-龥]{2,3}省)(?=[一-龥《“]*(?:人民政府|厅|委|局|办|关于|“|人工|数字|推))"
)
_CITY = re.compile(
    r"(?P<n>[一-龥]{2,8}?(?:市|自治州|地区|盟))(?!场|政|委|直|内|级|县|区|民|容|域|值|属|辖|城|[一-龥]?领导)"
)
_COUNTY = re.compile(r"(?P<n>[一-龥]{1,8}?(?:自治县|县|区|旗))(?!域|块|级|政府各|分|间)")
_NATION = re.compile(
    r"^(?:国务院|国家|中共中央|中央|中华人民共和国|全国)|^[一-龥]{2,6}部(?:办公厅)?(?:$|[、 ])"
)
_BEFORE = re.compile(r"^(?:20\d\d年度?|关于(?:印发|公开征求|推[进动]|加快)?|[《“])*")
_OURS = re.compile(rf"结合(?P<n>(?:{_ANY}|[一-龥]{{2,5}}[市县区])(?:省|市)?)(?:的)?实际")
_NOT_PLACES = re.compile(
    r"自治区$|示范区$|试验区$|先导区$|园区$|新区$|开发区$|高新区$|地区$|社区$|景区$"
)
# Zones with offices of their own rank with counties, whatever city they lie in.
_ZONE = re.compile(
    r"^(?![^区]{0,8}(?:推[进动]|建设|国家|支持|加快|打造|深化))[一-龥]{2,12}(?:开发区|高新区|经开区|新区|产业园区|保税区|示范区|试验区|集聚区)"
)

Level = Literal["nation", "province", "city", "county", ""]


def region_of(issuer: str, title: str, text: str) -> str:
    """The place named by the office, else by the title, else by the text, where it says 我省."""
    for name in (issuer, title):
        place = _place(name)
        if place:
            return place
    if _NATION.search(issuer) or _NATION.search(title):
        return ""
    ours = _OURS.search(text[:1500])
    if ours:
        return _place(ours["n"])
    named = Counter(found["n"] for found in _PROVINCE.finditer(text))
    return _full(named.most_common(1)[0][0]) if named and "我省" in text else ""


def level_of(issuer: str, title: str, region: str) -> Level:
    """The level of government, from the office and the place."""
    if not region:
        if _NATION.search(issuer) or _NATION.search(title):
            return "nation"
        return "county" if _ZONE.search(issuer) or _ZONE.search(_BEFORE.sub("", title)) else ""
    if region.endswith(("省", "自治区")) or region[:-1] in _CITIES:
        return "province"
    if region.endswith(("县", "区", "旗")):
        return "county"
    return "city"


def _place(text: str) -> str:
    """The smallest place that opens a text: 江西省, 七台河市, 桃山区."""
    rest, found = _BEFORE.sub("", text), ""
    province = _PROVINCE.match(rest)
    if province:
        found = _full(province["n"])
        rest = rest[province.end() :]
    elif other := _OTHER.match(rest):
        found, rest = other["n"], rest[other.end() :]
    city = _CITY.match(rest)
    if city:
        found, rest = city["n"], rest[city.end() :]
    county = _COUNTY.match(rest)
    if (
        county
        and not _NOT_PLACES.search(county["n"])
        and (city or province or len(county["n"]) < 7)
    ):
        found = county["n"]
    return found


def _full(name: str) -> str:
    if name in _REGIONS:
        return _REGIONS[name]
    return name + ("市" if name in _CITIES else "省")
