"""The facts at the head of a plan: its title, who issued it, its number, date, period and state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qianhang.plan.reading.clutter import dated, named_titles, title_like
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.ordinals import Line, lines, number, ordinal
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.region import level_of, region_of

__all__ = ["Facts", "facts"]

Level = Literal["nation", "province", "city", "county", ""]
Status = Literal["issued", "draft", "study", "news", "template", ""]

_DOC_NO = re.compile(
    r"(?P<no>[一-龥]{1,9}\s?[〔\[(]\s?(?:19|20)\d\d\s?[〕\])]\s?第?\s?\d{1,4}\s?号)"
)
_BEHIND = re.compile(
    r"^.*(?:意见|见|方案|案|计划|划|通知|知|要点|点|措施|施|办法|法)(?=[一-龥]{2,6}\W)"
)
_BRACKET = re.compile(r"\([^()]*\)")
_LABELLED = re.compile(r"(?:文\s?号|发文字号|文件编号|发文号)\s?:?[\s|]*")
_ORGAN = (
    r"(?:人民政府(?:办公[厅室])?|委员会(?:办公[厅室])?|办公[厅室]|[一-龥]厅|[一-龥]局|[一-龥]部|国务院(?:办公厅)?|[发改工信网]{2}委"
    r"|[党市省县区]委(?:办公[厅室])?|政协|人大(?:常委会)?|领导小组(?:办公室)?|管委会|学院|大学|协会|中心|公司)"
)
_DAY = (
    r"(?P<y>(?:19|20)\d\d|[二一][〇零○九O0一二三四五六七八]{3})\s?[-年/.]"
    r"\s?(?P<m>\d{1,2}|[一二三四五六七八九十]{1,3})\s?[-月/.]"
    r"\s?(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})"
)
_ISSUED_BY = re.compile(
    r"(?:发布(?:单位|机构|机关)|发文(?:机关|单位|机构)|制定机关|制发机关|印发单位)"
    r"\s?:?[\s|]*(?P<o>[一-龥]{3,30}(?:[、 ][一-龥]{3,30})?)"
)
_SOURCE = re.compile(r"(?:信息|文件|稿件)?来\s?源\s?:[\s|]*(?P<o>[一-龥]{3,30})")
_ORGAN_LINE = re.compile(rf"^(?P<o>[一-龥()、 ]{{0,40}}{_ORGAN})$")
# Two offices on one line, and an office with its day in brackets under the title.
_OFFICES = re.compile(rf"[一-龥]{{2,30}}?{_ORGAN}(?=[、 ]|$)")
_UNDER = re.compile(rf"^\((?P<o>[一-龥、 ]{{3,60}}?)[,、 ]*(?:{_DAY}日?)?\)$")
_TITLE_ORGAN = re.compile(
    rf"^(?P<o>[一-龥]{{2,30}}?{_ORGAN}(?:[、 ]*[一-龥]{{2,20}}?{_ORGAN})?)\s*关于"
)
_PUBLISHED = re.compile(
    rf"(?P<o>[一-龥]{{0,24}}?{_ORGAN})(?:日前|近日|正式|联合|于[^,。]{{4,12}})?(?:制定|研究)?"
    r"(?:印发|发布|出台|公布|下发)(?:了|的)?《"
)
_DATE = re.compile(_DAY)
_SIGNED = re.compile(rf"^(?P<o>[一-龥]{{2,30}}?{_ORGAN})\s*{_DAY}")
_SPREAD = re.compile(r"(?<![一-龥])[一-龥](?: {1,4}[一-龥]){1,40}(?![一-龥])")
_TOLD = re.compile(_DAY + r"日?[^。;]{0,40}(?:印发|发布|出台|公布|下发)")
_DATE_LABEL = tuple(
    re.compile(rf"(?:{label})\s?:?[\s|]*{_DAY}")
    for label in (
        "成文日期",
        "(?:印发|发文|生成)(?:日期|时间)",
        "(?:发布|公开|公布)(?:日期|时间)",
        "时间|日期",
    )
)
_SPAN = re.compile(r"(20\d\d)\s?年?\s?[-—–―~至到]+\s?(20\d\d)\s?年?")
_YEAR = re.compile(r"(20\d\d)\s?年(?:度)?")
_GOAL = re.compile(r"(?:到|至|力争|在)\s?(20[2-9]\d)\s?年")
_FIVE = re.compile(r"[“\"]?十([三四五六])五[”\"]?")
_MASKED = re.compile(
    r"(?<![A-Za-z0-9])(?:[xX×＊*〇○_]{1,6}(?=[余多]?[个家项亿万名套条支批年%])|[xX×]{2,6}(?![A-Za-z0-9]))"
)
_DRAFT = re.compile(r"征求意见|公开征集意见|草案|送审稿|讨论稿|初稿")
_STUDY = re.compile(r"课题|研究报告|专题研究|调研报告|提案|座谈会|建议案")
_NEWS = re.compile(
    r"记者|本报讯|讯\)?[\s(]|[日月]电[\s(/::]|新华社|本网|通讯员|小编|据.{2,12}(?:报道|消息)"
)
_ISSUED = re.compile(
    r"印发|现发布|已经.{0,30}(?:同意|审议通过|通过)|遵照执行|贯彻(?:执行|落实|实施)"
)
_TEMPLATE = re.compile(r"模板|范文|样本|示例文本")
_WORDS = re.compile(r"[一-龥]{4}")
_GENRE = re.compile(r"方案|计划|规划|意见|要点|措施|政策|办法|条例|纲要|细则|清单|安排|行动")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan says of itself, in simplified characters; "" where it does not.

    date : ISO day; period : "2024-2026", or "-2030" where only the end is known
    region : the province, city or county that it is for, as 江西省
    """

    title: str = ""
    issuer: str = ""
    doc_no: str = ""
    date: str = ""
    period: str = ""
    level: Level = ""
    status: Status = ""
    region: str = ""


def facts(folded: Folded, body: tuple[int, int], headings: Sequence[Heading]) -> Facts:
    """The facts of a document, the letter before it and the frame around it included."""
    text = folded.text
    first = headings[0].start if headings else min(body[1], body[0] + 1500)
    rows = [replace(row, text=_tight(row.text)) for row in lines(text, 0, len(text))]
    head = [row for row in rows if row.start < first]
    tail = [row for row in rows if row.start >= (headings[-1].start if headings else first)]
    title = _title(folded, body, head)
    issuer = _issuer(title, head, tail)
    date = _date(head, tail)
    region = region_of(issuer, title, text[body[0] : body[1]] if headings else "")
    return Facts(
        title=title,
        issuer=issuer,
        doc_no=_doc_no(head),
        date=date,
        period=_period(title, date, text[slice(*body)]),
        level=level_of(issuer, title, region),
        status=_status(title, head, text, bool(headings)),
        region=region,
    )


def _title(folded: Folded, body: tuple[int, int], head: Sequence[Line]) -> str:
    rows = [row for row in head if row.start >= body[0]]
    parts: list[str] = []
    for row in rows[:4]:
        bracket = row.text.startswith("(") and len(row.text) < 40 and not _office(row.text)
        if parts and not (bracket or _unfinished(parts)):
            break
        if (
            "\t" in row.text
            or len(row.text) > 90
            or (ordinal(folded, row.start, row.end) and not bracket)
        ):
            break
        parts.append(row.text)
    joined = _numberless("".join(parts)).replace("()", "").replace("〔〕", "").strip(" #*|")
    if title_like(joined):
        return joined
    named = (t for row in head for t in named_titles(row.text))
    like = (row.text for row in head if title_like(row.text))
    opening = parts[0] if parts else ""
    first = opening if len(opening) <= 60 and "。" not in opening and _WORDS.search(opening) else ""
    return next((t for t in (*named, *like) if t), first)


def _unfinished(parts: Sequence[str]) -> bool:
    """Whether the lines so far do not make a title yet."""
    joined = "".join(parts)
    return (
        len(joined) < 90
        and not title_like(_numberless(joined))
        and bool(re.search(r"关于|人民政府|委员会|行动|推[进动]|加快|促进|“|[省市县区州]", joined))
    )


def _numberless(text: str) -> str:
    """A line without the document's number."""
    return text.replace(_number(text), "")


def _number(text: str) -> str:
    """The number that a line prints, without the title that it may stand behind."""
    found = _DOC_NO.search(text)
    return _BEHIND.sub("", found["no"]) if found else ""


def _office(text: str) -> str:
    """The office that a bracket names, with or without a day."""
    found = _UNDER.match(text)
    return _listed(found["o"]) if found else ""


def _listed(printed: str) -> str:
    """Offices that one line names, joined by marks; "" where a word of it is none."""
    parts = [part for part in re.split("[、,]| +", printed.strip()) if part]
    if all(_ORGAN_LINE.match(part) and len(part) > 2 for part in parts):
        return "、".join(parts)
    whole = "".join(parts)
    return whole if _ORGAN_LINE.match(whole) else ""


def _tight(text: str) -> str:
    """A line without the blanks that spread a word over it (发 文 机 关)."""
    return _SPREAD.sub(lambda found: found[0].replace(" ", ""), text)


def _issuer(title: str, head: Sequence[Line], tail: Sequence[Line]) -> str:
    signed = _signed(head) or _signed(tail)
    if signed:
        return signed
    labelled = (_ISSUED_BY.search(row.text) for row in head)
    under = (_office(row.text) for row in head)
    told = next(
        (
            o
            for o in (
                *under,
                *(_listed(f["o"]) or _listed(f["o"].split(" ")[0]) for f in labelled if f),
            )
            if o
        ),
        "",
    )
    told = told or _beneath(title, head)
    if told:
        return told
    titled = (_TITLE_ORGAN.match(text) for text in (title, *(row.text for row in head)))
    published = (_PUBLISHED.search(row.text) for row in head)
    source = (_SOURCE.match(row.text) for row in head)
    sources = (_ORGAN_LINE.match(found["o"]) for found in source if found)
    return next((found["o"] for found in (*titled, *published, *sources) if found), "")


def _beneath(title: str, head: Sequence[Line]) -> str:
    """The offices on lines of their own right under the title, a number or a day between them."""
    text, names, under = "", list[str](), False
    for row in head:
        if not under:
            text = text + row.text if text and (text + row.text) in title else row.text
            under = text == title or (_BRACKET.sub("", title) == text)
        elif office := _listed(row.text) if len(row.text) <= 60 else "":
            names.append(office)
        elif names or not (_BRACKET.fullmatch(row.text) or _number(row.text)):
            break
    return "、".join(names)


def _signed(rows: Sequence[Line]) -> str:
    """The offices that sign: with a date, or on the lines before a date of its own line."""
    for i, row in enumerate(rows):
        if not dated(row.text):
            continue
        signed = _SIGNED.match(row.text)
        if signed:
            return signed["o"].strip()
        names: list[str] = []
        for before in reversed(rows[max(0, i - 6) : i]):
            if len(before.text) > 40 or not _ORGAN_LINE.match(before.text):
                break
            names.insert(0, _listed(before.text))
        if names:
            return "、".join(names)
    return ""


def _doc_no(head: Sequence[Line]) -> str:
    for row in head:
        found = _DOC_NO.search(row.text)
        if not found:
            continue
        alone = len(row.text) - len(found["no"]) <= 4
        behind = row.text.endswith((found["no"], found["no"] + ")")) and len(row.text) < 90
        if alone or _LABELLED.search(row.text) or (behind and "《" not in row.text[-30:]):
            return _cleaned(_number(row.text))
    return ""


def _cleaned(printed: str) -> str:
    bare = re.sub(r"\s|^(?:文号|号)", "", printed)
    return re.sub(r"[\[(](\d{4})[\])]", r"〔\1〕", bare)


def _date(head: Sequence[Line], tail: Sequence[Line]) -> str:
    for rows in (head, tail):
        for row in rows:
            found = _DATE.search(row.text)
            if found and dated(row.text):
                return _iso(found)
    for row in head:
        found = _UNDER.match(row.text)
        if found and found["y"]:
            return _iso(found)
    for label in _DATE_LABEL:
        for row in (*head, *tail):
            found = label.search(row.text)
            if found:
                return _iso(found)
    for row in head[:12]:
        found = _DATE.match(row.text)
        if found and len(row.text) < 40:
            return _iso(found)
    told = (_TOLD.search(row.text) for row in head)
    return next((_iso(found) for found in told if found), "")


def _iso(found: re.Match[str]) -> str:
    year = found["y"]
    if not year.isdecimal():
        year = "".join(str(number(c) if c not in "〇零○O0" else 0) for c in year)
    month, day = number(found["m"]), number(found["d"])
    return f"{year}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def _period(title: str, date: str, text: str) -> str:
    span = _SPAN.search(title)
    if span:
        return f"{span[1]}-{span[2]}"
    five = _FIVE.search(title)
    if five:
        start = 2016 + 5 * (number(five[1]) - 3)
        return f"{start}-{start + 4}"
    year = _YEAR.search(title)
    if year:
        return f"{year[1]}-{year[1]}"
    goal = _GOAL.search(text) if _GENRE.search(title) else None
    if goal and (not date or date[:4] <= goal[1]):
        return f"{date[:4]}-{goal[1]}"
    return ""


def _status(title: str, head: Sequence[Line], text: str, headed: bool) -> Status:
    opening = "\n".join(row.text for row in head)[-3000:]
    if (headed and len(_MASKED.findall(text)) >= 3) or _TEMPLATE.search(title):
        return "template"
    if _DRAFT.search(title) or (
        _GENRE.search(title) and re.search("公开征求意见|征求意见稿", opening)
    ):
        return "draft"
    if _STUDY.search(title):
        return "study"
    if not _GENRE.search(title) or not headed:
        return "news" if _NEWS.search(opening + text[:600]) else ""
    official = any(_evidence(row.text) for row in head) or _TITLE_ORGAN.match(title)
    return "issued" if official or headed else ""


def _evidence(text: str) -> Iterator[str] | bool:
    return bool(_ISSUED.search(text) or _DOC_NO.search(text))
