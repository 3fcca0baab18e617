"""Names of units out of a printed list: split, cleaned, an elided 省 put back, slips mended."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qianhang.plan.directory import is_known, is_party, nearest, place_of

__all__ = ["cleaned", "is_certain", "is_plausible", "is_unitlike", "restored", "split", "unwrapped"]

_OPEN, _CLOSE = "([【〔〖{", ")]】〕〗}"
_TIER = r"(?:自治[州县旗]|[市县区州盟旗]{1,3}|地区|特区|县级市|乡镇|街道|乡|镇)"
_SEAT = r"(?:人民政府|政府|党委|行政公署|行署|管委会)"
# Names with separators inside them: all governments below, departments and entities, offices.
_COMPOSITE = re.compile(
    rf"各{_TIER}(?:\([^()]{{1,12}}\))?{_SEAT}?(?:[、和及]{_TIER}(?:\([^()]{{1,12}}\))?)+"
    rf"(?={_SEAT}|[、,;。\s)/]|等|按|负|牵|配|分|落|组|结|$)"
)
_ENTITIES = re.compile(r"(部门|委办局)、(?=(?:各|有关|相关)*单位)")
_COMMITTEE = re.compile(r"党委[和、](?=(?:人民)?政府)")
_OFFICES = re.compile(r"各?(?:有关|相关)?(?:委、办、局|部、委、办、局|部、委、办)")
_HELD = "\x1f"
_UNIT_END = "厅局委办部院会府心司团社署队行处校站所室台馆区县市州业位门联旗盟组关学协"
_UNIT_START = re.compile(
    r"省|市|县|区(?!块|域)|州|盟|旗|自治|各|有关|相关|国家|中央|中国|国网|人民银行|人行|驻|中共"
)
_JOINT = re.compile(rf"(?<=[{_UNIT_END})])(?<!党委)(以及|和|及|与|暨|会同|联合)(?=(.{{2,14}}))")
_LINE_BREAK = re.compile(r"\s*\n\s*|[ \t\u3000]+")
_LEAD_IN = re.compile(
    r"^(?:并由|再由|其中|同时|由|请|并|会同|联合|以及|及(?=[省市县区各])|和|与|另)+"
)
_AND_SO_ON = re.compile(
    r"(?:等(?:\d+|[一二两三四五六七八九十多各]+个?)?(?:[^、,;]{0,12}?(?:部门|单位|机构|企业|委办局))?"
    r"|共同|分别|联合|各自)+$"
)
_MARKS = "☆★△▲◎●◆※*﹡＊✩✪"
_STRONG = re.compile(
    r"(?:厅|局|委|委员会|办|办公室|部|政府|公署|行署|管委会?|总队|支队|法院|检察院|署|海关|"
    r"工商联|科协|团委|妇联|总工会|残联|供销社|贸促会|分行|公司|集团|部门|单位|委办局|司|社科联|街道)$"
)
_WEAK = re.compile(
    r"(?:院|会|社|联|行|台|馆|校|队|站|所|处|中心|企业|机构|大学|学院|组|专班|区|县|市|州|盟|旗|乡|镇|"
    r"街道|园区|协会|学会|联盟|高校|院校|银行|供电|电网|移动|联通|电信|铁塔|工会|政协|人大)$"
)
_NOT_A_NAME = re.compile(
    r"^(?:持续|常态|立即|即时|全程)$|下同|持续推进|长期|年底|月底|完成|以下|为牵头|不再|待定|不分先后|列首位|第一位|时限|^全年|"
    r"\d+\s*[年月日]|https?|电话|联系人|^见附|^详见|^如下"
)
_PREDICATE = re.compile(
    r"^(?:鼓励|支持|推动|引导|加强|加快|建设|推进|实施|开展|完善|组织(?!部)|依托|充分|对|以|在|向|为|"
    r"从|将|把|通过|包括|如|例如|含|指|根据|按照|围绕)|(?<!设区)的|要求|应当|必须|可以|能够"
)
_PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9()、·\-—+&“”\"\x1f/]{2,40}")
_LAST_BRACKET = re.compile(r"\([^()]*\)$")
_PREFIX = re.compile(
    r"自治[区州县旗]|省|市(?!场|容|政(?![府务协法策数研办]))|县(?!域)|区(?!块|域)|州|盟|旗"
)
_NOT_ELIDED = re.compile(
    r"^(?:各|有关|相关|国家|中国|中央|全国|国网|人民?银?行|驻|部门|开发区|高新|经开|园区|属地|责任|本|"
    r"国务院|最高|人行|央行|海关|政府(?!国资|办公|研究)|人民政府|证监|银保监|金融监管总局|黄河|长江|珠江|淮河|海河|太湖|松辽|团[省市州县区]委|共青团|重点|龙头|高校|县级|街道|乡镇)"
)
_GOVERNMENT = re.compile(
    r"[一-龥]{2,6}?(?P<tier>[市县区旗]|(?:[一-龥]{1,6}族)?自治[州县旗]|新区)(?P<seat>人民政府|政府|管委会)(?:等.{0,4})?"
)
_TOWN = re.compile(r"(?![各省有])[一-龥]{2,5}[市县区]")
_SHORT_PLACE = re.compile(r"(?![各有相])[一-龥]{2,3}")
_SEATED = re.compile(r"[^、,()]{2,6}?(?:自治[州县旗]|[省市县区州盟旗])(?=.{2})")
# A name so long is no other office's with one character less.
_TELLING = 7
_SEATED_COMMITTEE = re.compile(r"区(?:管委会|管理委员会|管委)$")
_DEPARTMENT = re.compile(r"(?:厅|局|委|办|办公室|总队|支队|社科联|供销社|工商联|科协)$")


def split(printed: str) -> list[str]:
    """The names of a list as printed, in order, spaces and line breaks resolved."""
    text = _COMPOSITE.sub(lambda m: m.group().replace("、", _HELD), unwrapped(printed))
    text = _ENTITIES.sub(rf"\1{_HELD}", text)
    text = _COMMITTEE.sub(lambda m: m.group().replace("、", _HELD), text)
    text = _OFFICES.sub(lambda m: m.group().replace("、", _HELD), text)
    text = _JOINT.sub(_joint, text)
    names, start, depth = [], 0, 0
    for place, char in enumerate(text):
        depth += (char in _OPEN) - (char in _CLOSE and depth > 0)
        if char in "、,;。./|\t" and depth == 0:
            names.append(text[start:place])
            start = place + 1
    names.append(text[start:])
    return _seated([name.replace(_HELD, "、").strip() for name in names if name.strip()])


def _seated(names: list[str]) -> list[str]:
    """The names, places in a row given the 市人民政府 that only the last of them prints."""
    full: list[str] = []
    for name in reversed(names):
        seat = _GOVERNMENT.fullmatch(full[-1]) if full else None
        if seat and _TOWN.fullmatch(name):
            full.append(name + seat["seat"])
        elif seat and (place_of(name) == name or _is_bare_place(name)):
            full.append(name + seat["tier"] + seat["seat"])
        else:
            full.append(name)
    return full[::-1]


def _is_bare_place(name: str) -> bool:
    return bool(_SHORT_PLACE.fullmatch(name)) and not _ends_like_a_unit(name)


def unwrapped(printed: str) -> str:
    """The list without line breaks and spaces, which part two names or stand inside one."""
    pieces = _LINE_BREAK.split(printed.strip())
    text = pieces[0]
    for piece in pieces[1:]:
        apart = _ends_a_name(text) and (_UNIT_START.match(piece) or is_known(_head(piece)))
        text += ("、" if apart else "") + piece
    return text


def cleaned(printed: str) -> tuple[str, bool]:
    """A name without marks, connectives and 等; and whether a star marked it as the leader."""
    name = printed.strip(' \t。.:"“”')
    starred = name[:1] in _MARKS or name[-1:] in _MARKS
    name = name.strip(_MARKS + " ")
    before = None
    while before != name:
        before = name
        name = _AND_SO_ON.sub("", _LEAD_IN.sub("", name))
    return re.sub(r"^(省|市|区|县)\1(?!场|监局)", r"\1", name), starred and bool(name)


def is_plausible(name: str) -> bool:
    """Whether a name may stand where units are expected, such as after 责任单位."""
    if _NOT_A_NAME.search(name) or not _PLAIN.fullmatch(name):
        return False
    spoken = _PREDICATE.search(name) and (len(name) > 8 or not _ends_like_a_unit(name))
    return name.count("(") == name.count(")") and not spoken


def is_certain(name: str) -> bool:
    """Whether a name is a unit's wherever it stands."""
    bare = _LAST_BRACKET.sub("", name)
    if len(bare) < 3 or len(bare) > 24 or not is_plausible(name) or _PREDICATE.search(bare):
        return False
    if is_known(bare) or is_known(_bare(bare)[1]):
        return True
    placed = _UNIT_START.match(bare) or place_of(bare) or _SEATED_COMMITTEE.search(bare)
    return bool(_STRONG.search(bare) and placed)


def is_unitlike(name: str) -> bool:
    """Whether a name ends as units' names do and does not begin with a verb."""
    bare = _LAST_BRACKET.sub("", name)
    return is_plausible(name) and not _PREDICATE.search(bare) and _ends_like_a_unit(name)


def _ends_like_a_unit(name: str) -> bool:
    bare = _LAST_BRACKET.sub("", name)
    return bool(_STRONG.search(bare) or _WEAK.search(bare)) or is_known(bare)


def restored(
    names: Sequence[str], *, text: str, province: bool = False, own: tuple[str, ...] = ()
) -> list[str]:
    """The names of one list in printed order, each with the 省 or 市 that the first ones carry.

    text : the document, against whose other names a slip is told from a rare name
    province : the plan is a province's, where a bare 科技厅 can only be 省科技厅
    own : the plan's own places in short; an office named after one has lost nothing
    """
    carried, party, place, full = "", "", "", []
    for printed in names:
        prefix, form = _bare(printed)
        form = _mended(form, prefix, text)
        if prefix:
            carried, party = prefix, _party(form)
        elif place and form.endswith("监局") and is_known(f"{{}}{form}"):
            prefix = place
        # Two equal characters in a row are printed once: the city's is there already.
        elif (
            _is_elided(form)
            and not form.startswith(own)
            and not (carried == "市" and form.startswith("市"))
        ):
            prefix = carried or ("省" if province and form.endswith("厅") else "")
            prefix += _under(form, party) if prefix else ""
        else:
            carried = carried or _seat(form)
        place = place_of(prefix + form) or _first(own, form) or place
        full.append(prefix + form)
    return full


def _first(places: tuple[str, ...], form: str) -> str:
    return next((place for place in places if form.startswith(place)), "")


def _seat(form: str) -> str:
    """The place of a department that carries it: 桐乡市 of 桐乡市科技局, not of its government."""
    found = _SEATED.match(form)
    rest = form[found.end() :] if found else ""
    return found.group() if found and is_known(rest) and not rest.endswith("政府") else ""


def _party(form: str) -> str:
    found = re.match(r"(?:党委|委)(?=.{2})", form)
    return found.group() if found else ""


def _bare(name: str) -> tuple[str, str]:
    """A name's 省, 市 or the like, and the rest; none for 市场监管局 or 郑州市政府."""
    found = _PREFIX.match(name)
    if found is None or is_known(name) or len(name) - found.end() < 2:
        return "", name
    return found.group(), name[found.end() :]


def _is_elided(form: str) -> bool:
    if _NOT_ELIDED.match(form) or place_of(form):
        return False
    bare = _LAST_BRACKET.sub("", form)
    if bare.endswith(("部", "总局", "总署")):
        return is_party(bare)
    return is_known(bare) or bool(_DEPARTMENT.search(bare) and len(bare) <= 14 and not _far(bare))


def _far(form: str) -> bool:
    """Whether the name carries its own place: 双河县发改局, 滨湖区管委会."""
    return bool(re.match(r".{1,6}?(?:自治[州县旗]|[省市县区州盟旗镇乡])(?=.{2})", form))


def _under(form: str, party: str) -> str:
    """The 委 of 省委 that an organ of the party lost together with its 省."""
    if not is_party(form) or form.startswith("委"):
        return ""
    return party or ("委" if form.endswith(("部", "政法委")) else "")


def _mended(form: str, prefix: str, text: str) -> str:
    """The directory's spelling of a name that is one slip away and does not recur."""
    meant = nearest(form)
    if meant is None or (prefix == "" and not _is_elided(form)):
        return form
    wrong, right = text.count(form), text.count(meant)
    turned = sorted(form) == sorted(meant)
    evident = turned or right > 0 or len(meant) >= _TELLING
    return meant if evident and (wrong <= 1 or right >= 2 * wrong) else form


def _joint(found: re.Match[str]) -> str:
    """A comma for a connective between two units, the connective itself inside a name."""
    word, after = found.group(1), found.group(2)
    head = _head(after)
    if word == "会同" or _UNIT_START.match(after) or place_of(after) or is_known(head):
        return "、"
    before = re.split("[、,;。:]", found.string[: found.start()])[-1]
    return "、" if _SEATED_COMMITTEE.search(head) and is_certain(before) else word


def _head(text: str) -> str:
    return re.split(r"[、,;。\s()]|等|按|牵头|配合|负责|和(?=[省市])", text, maxsplit=1)[0]


def _ends_a_name(text: str) -> bool:
    last = re.split(r"[、,;:。(]", text)[-1]
    return is_known(_bare(last)[1]) or (bool(_STRONG.search(last)) and len(last) > 3)
