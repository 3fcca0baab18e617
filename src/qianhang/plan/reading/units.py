"""Who answers for a heading's own text: lead, supporting and responsible units as printed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from qianhang.plan.document import Units
from qianhang.plan.reading.assignments import LABEL, Passage, brackets, labelled, sentences
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.unitnames import (
    cleaned,
    is_certain,
    is_plausible,
    is_unitlike,
    restored,
    split,
    unwrapped,
)

__all__ = ["cell_units", "units_of"]

Role = Literal["responsible", "lead", "support"]

_DO = (
    r"(?:负责|落实|实施|推进|推动|执行|承担|组织|统筹|抓好|做好|抓总|协调|完成|开展|工作|支持|贯彻"
    r"|抓实|认真|积极)"
)
_AFTER = r"(?=$|[,、;。:]|会同|省|市|县|区|各)"
_LEAD_VERB = (
    r"(?:共同|联合|分别|总|为主|负责|具体|主要)*"
    rf"(?:牵头(?!单位|部门|领导)|主办|为牵头单位){_DO}*{_AFTER}"
)
_DUTY = (
    r"(?:根据|依据|依照|按照|按|依)?(?:照)?(?:各自)?(?:部门)?(?:工作)?"
    r"(?:职责|职能|任务|责任)(?:任务)?"
    rf"(?:和)?(?:分工|范围|权限)?,?(?:分别|共同|协同|具体|相应|各自|配合|参与|牵头|{_DO})*{_AFTER}"
)
_SHARE_VERB = (
    rf"(?:(?:根据|按照|按)?(?:任务|工作|各自)?分工(?:负责|落实|协作|合作){_DO}*"
    rf"|各负其责|分别负责){_AFTER}"
)
_SUPPORT_VERB = (
    rf"(?:共同|协同|积极|密切|主动|予以|给予)*(?:配合|参与|参加|协助|协办|协同){_DO}*{_AFTER}"
)
_OWN_VERB = rf"(?:共同|具体|分别|结合实际|贯彻|抓好|认真|分头|联合|按要求|同步)*{_DO}+(?=$|[,;。])"
_VERB = re.compile(
    rf"(?P<lead>{_LEAD_VERB})|(?P<share>{_DUTY}|{_SHARE_VERB})|(?P<support>{_SUPPORT_VERB})"
    rf"|(?P<own>{_OWN_VERB})"
)
_NOTE = re.compile(
    r"以下|下同|不再|标[☆★*△▲]|加[☆★*△▲]|[☆★*]为|为牵头(?:单位|部门)|列(?:第一|首)位|排(?:第一|首)"
)
_INNER_LEAD = re.compile(r"\((?:总?牵头(?:单位|部门)?|主办)\)$")
_INNER_NOTE = re.compile(r"\([^()]*(?:下同|为牵头|首位|第一位|排名)[^()]*\)")
_OTHER_LABEL = re.compile(r"(?:^|(?<=[;,、。\s]))[\u4e00-\u9fff]{2,10}:")
_LEVEL_MARK = re.compile(r"(?:^|(?<=[;,。]))(?:省|市|州|区|县)(?:级|直|里|本级)(?:部门|单位)?:")
_LEVEL_LABEL = re.compile(
    r"(?:省|市|州|区|县|国家)(?:级|直|里|本级)|(?:省|市)(?:级|直)?(?:部门|单位)"
)
_CALLED = re.compile(
    r"(?<!建立)(?<!成立)(?<!组建)(?<!形成)(?<!构建)(?<!完善)由([^,由]{3,80}?)牵头(?!的|人)"
)
_JOINED = re.compile(
    r"(?:^|,)(?:会同|联合)([^,]{3,120}?)(?:等)?(?=$|,|共同|负责|落实|推进|研究|制定|组织|做好)"
)
_LEADING = re.compile(r",(?=[^,]{3,80}牵头(?:$|[,落做抓推负]))")
_BESIDE = re.compile(
    r"(?<=,)([^,]{3,160}?)等?(?:共同|协同|积极|密切|主动)*(?:配合|参与|参加|协助|协办)(?=$|[,落做抓推])"
)
_NEXT_LABEL = re.compile(r"(?<=[\u4e00-\u9fff、,;。)])(?<![单责配牵])\s+(?=[\u4e00-\u9fff]{3,10}:)")
_PAGE = re.compile(r"\n\s*[-—–]?\s*\d{1,3}\s*[-—–]?\s*\n")
_PLACE = re.compile(
    r"^([一-龥]{2,6}?)(?:[省市县区州盟旗]|地区|(?:[一-龥]{1,4}族)+自治[区州县])(?![域块])"
    r"|(?<=[省市州])([一-龥]{2,5}?)[市县区州旗](?![域块])"
)
_BEFORE_PLACE = re.compile(r"^(?:20\d\d年度?|关于(?:印发|公开征求|推[进动]|加快)?|[《“])*")
_ORDER: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class _Said:
    """A printed name and the role that its place in the text gives it."""

    name: str
    role: Role


def units_of(folded: Folded, heading: Heading, *, facts: Facts) -> Units:
    """The units that answer for a heading, from its title and its own text, in printed order.

    Names keep their printed form in simplified characters, an elided 省 or 市 restored.
    """
    text = folded.text
    said = [s for passage in _passages(text, heading) for s in _read(passage)]
    if not said:
        said = [s for line in sentences(text, heading.text, heading.end) for s in _in_prose(line)]
    return _units(said, text=text, facts=facts)


def cell_units(printed: str, *, facts: Facts, text: str = "") -> Units:
    """The units of a table's cell, where a list without a role is responsible.

    printed : the cell in folded text
    text : the document, to tell a slip of the pen from a rare name
    """
    return _units(list(_roles(_flat(printed))), text=text or printed, facts=facts)


def _units(said: Sequence[_Said], *, text: str, facts: Facts) -> Units:
    province = facts.level == "province" and facts.region.endswith("省")
    names = restored([s.name for s in said], text=text, province=province, own=_own(facts))
    by_role: dict[Role, list[str]] = {role: [] for role in _ORDER}
    for one, name in zip(said, names, strict=True):
        if name not in by_role[one.role]:
            by_role[one.role].append(name)
    return Units(*(tuple(by_role[role]) for role in _ORDER))


@functools.cache
def _short(place: str) -> tuple[str, ...]:
    return tuple(found.group(1) or found.group(2) for found in _PLACE.finditer(place))


def _own(facts: Facts) -> tuple[str, ...]:
    """The short names of the places in the region, the office and the title: 青岚 of 青岚省."""
    said = (facts.region, facts.issuer, _BEFORE_PLACE.sub("", facts.title))
    return tuple(dict.fromkeys(name for one in said for name in _short(one)))


def _passages(text: str, heading: Heading) -> Iterator[Passage]:
    """Brackets and labelled lists that name units, in printed order."""
    lists = [p for p in brackets(text, heading.start, heading.end) if _names_units(p)]
    lists += labelled(text, heading.start, heading.end)
    reached = -1
    for passage in sorted(lists, key=lambda p: p.start):
        # A bracket holds the label inside it; a labelled list holds the brackets of its names.
        if passage.start >= reached:
            yield passage
            reached = passage.end


def _names_units(passage: Passage) -> bool:
    """Whether a bracket says who answers: by a label, by a verb, or by where it stands."""
    inside = _flat(passage.text)
    label = LABEL.search(inside)
    if label is not None:
        return label.end() < len(inside)
    names = [s.name for s in _roles(inside)]
    unitlike = [name for name in names if is_unitlike(name)]
    if not any(map(is_certain, names)) or 2 * len(unitlike) <= len(names):
        return False
    closes = passage.after.lstrip(" 。;,")[:1] in ("", "\n")
    follows = passage.before.rstrip(" ").endswith(("。", ";", "!", "”", "\n"))
    spoken = any(_VERB.search(part) for part in re.split("[;。]", inside))
    if len(unitlike) < len(names):
        return spoken and (closes or follows)
    return spoken or closes or follows


def _flat(printed: str) -> str:
    """A passage on one line: labels on lines of their own parted, notes on notation left out."""
    text = _PAGE.sub("\n", printed.strip())
    text = re.sub(r"[【\[〔]\s*([^】\]〕]{2,10})\s*[】\]〕]\s*:?", r"\1:", text)
    text = unwrapped(_NEXT_LABEL.sub(";", text).replace("\t", "、"))
    text = _INNER_NOTE.sub("", text)
    return "。".join(part for part in text.split("。") if part.strip())


def _read(passage: Passage) -> Iterator[_Said]:
    """The names of a passage; without a label, only those that look like units'."""
    flat = _flat(passage.text)
    certain = LABEL.search(flat) is not None
    yield from (s for s in _roles(flat) if certain or is_unitlike(s.name))


def _roles(text: str) -> Iterator[_Said]:
    """Every name of a passage with its role."""
    led = False
    for sentence in text.split("。"):
        label: Role | None = None
        for role, listed in _segments(sentence):
            label = role or label
            for part in re.split(r"[;!]", listed):
                for said in _part(_unannotated(part), label, led):
                    led = led or said.role == "lead"
                    yield said


def _unannotated(part: str) -> str:
    """The clause without a note on the notation: 标☆的为牵头单位,下同."""
    note = _NOTE.search(part)
    return part if note is None else part[: note.start()].rpartition(",")[0]


def _segments(sentence: str) -> Iterator[tuple[Role | None, str]]:
    """The sentence cut at its labels, each list with the role that its label gives; lists under
    labels of other things, such as 完成时限, are left out."""
    ours = [(m.start(), m.end(), m.group(m.lastgroup or 0)) for m in LABEL.finditer(sentence)]
    others = [
        (m.start(), m.end(), "")
        for m in _OTHER_LABEL.finditer(sentence)
        if not any(a < m.end() and m.start() < b for a, b, _ in ours)
        and not _LEVEL_LABEL.fullmatch(m.group().rstrip(":"))
    ]
    marks = sorted((*ours, *others))
    stops = [start for start, _, _ in marks] + [len(sentence)]
    yield None, sentence[: stops[0]]
    for (_, end, label), stop in zip(marks, stops[1:], strict=True):
        if label:
            yield _role_of(label), _LEVEL_MARK.sub("", sentence[end:stop])


def _role_of(label: str) -> Role | None:
    if re.search("牵头(?!及|和配|、|与)|主办", label):
        return "lead"
    if "牵头" in label:
        return "responsible"
    if re.search("配合|协|参与|参加|支持|辅助|联合", label):
        return "support"
    return "responsible" if re.search("责|实施|落实|承办|执行|完成|主管|分工", label) else None


def _part(part: str, label: Role | None, led: bool) -> Iterator[_Said]:
    """The names of a clause: a verb gives its role to the names before it, the label to others."""
    place, by_verb = 0, False
    for verb in _VERB.finditer(part):
        listed = part[place : verb.start()]
        if not listed.strip(" ,、"):
            continue
        role = _verb_role(verb, label, led or by_verb)
        if label == "lead" and role != "lead" and "," in listed and not by_verb:
            first, _, listed = listed.partition(",")
            yield from _named(first, "lead")
        if listed.lstrip(" ,").startswith(("会同", "联合")) and by_verb:
            role = "support"
        yield from _named(listed, role)
        by_verb = by_verb or role == "lead"
        place = verb.end()
    rest: Role = "support" if by_verb or (led and label is None) else label or "responsible"
    yield from _named(part[place:], rest)


def _verb_role(verb: re.Match[str], label: Role | None, led: bool) -> Role:
    said = verb.group()
    if "牵头" in said or "主办" in said:
        return "lead"
    if verb.lastgroup == "support" or "配合" in said or "参与" in said or label == "support":
        return "support"
    beside_leader = label == "lead" or (led and label is None)
    return "support" if verb.lastgroup == "share" and beside_leader else "responsible"


def _named(listed: str, role: Role) -> Iterator[_Said]:
    for printed in split(listed):
        marked = _INNER_LEAD.sub("", printed)
        name, starred = cleaned(marked)
        if len(name) > 1 and is_plausible(name):
            yield _Said(name, "lead" if starred or marked != printed else role)


def _in_prose(sentence: str) -> Iterator[_Said]:
    """Units of a sentence that is nothing but a list, or that says 由X牵头,会同Y."""
    flat = sentence.strip(" \t")
    whole = list(_roles(flat)) if len(flat) < 300 and _VERB.search(flat) else []
    if whole and any(is_certain(s.name) for s in whole) and all(is_unitlike(s.name) for s in whole):
        yield from whole
        return
    lead = _CALLED.search(flat)
    if lead is not None:
        leaders = list(_sure(lead.group(1), "lead"))
        yield from leaders
        for helped in (_JOINED, _BESIDE) if leaders else ():
            for joined in helped.finditer(flat, lead.end()):
                yield from _sure(joined.group(1), "support")
    else:
        yield from _closing(flat)


def _closing(sentence: str) -> Iterator[_Said]:
    """Units of the clauses that end a sentence, the first of which says who leads."""
    lead = _LEADING.search(sentence)
    if lead is None or not lead.start():
        return
    said = list(_roles(sentence[lead.start() + 1 :]))
    if said[:1] and said[0].role == "lead" and all(is_certain(s.name) for s in said):
        yield from said


def _sure(listed: str, role: Role) -> Iterator[_Said]:
    names = [cleaned(name)[0] for name in split(listed)]
    if all(is_certain(name) and not name.startswith(("各", "有关")) for name in names):
        yield from (_Said(name, role) for name in names)
