"""Names in the object of a verb: conjuncts, each up to the noun that makes it a system's name."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

__all__ = ["Name", "doing", "either", "head", "named", "words"]

_AND = re.compile(
    r"、|以及|及其|暨|(?<![涉普以波顾])及(?!时|早)|(?<![饱共祥温缓调])和(?!谐|平|林格尔)|(?<![参赋给])与(?![会时])"
)
_QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」")
# A modifier that may itself hold a list lasts up to its 的.
_OPENER = re.compile(
    r"基于|面向|针对|覆盖|支撑|利用|包括|包含|具有|具备|以(?!太)|适应|满足|适配|适用|符合|集|涵盖|融合|连接|贯通|适合"
    r"|围绕|从|涉及|提供|与|结合|由|连通|横跨|可(?!信|视|再生|穿戴)|能够|对(?!外|口|接)|向|在(?!线)|为|用于|服务(?!平台|中心|体系|系统|机器人|网络|大厅|站)"
)
# Of these a name may begin even without 的.
_MAY_OPEN = re.compile(r"基于|面向|针对|覆盖|支撑|服务|融合")
# How many, how good, whose, and verbs in a row: not part of the name.
_LEAD = re.compile(
    r"(?:一批|一系列|若干|一个|一套|一支|多个|系列|各类|各级|更多|首个|首批|相关|我省|我市|我区|我县|本市|本省|本地区"
    r"|全市统一的?|全省统一的?|统一的?|1个|一张|完善|健全|推进|推动|加快|建设|打造|构建|搭建|建立|开展|实施|统筹|积极|大力|加强|有序|稳步"
    r"|规划|谋划|布局|提升|升级|改造|优化|推广|应用(?=[^场程型])|运营好?|建成|投用|启用|和|并|或|等|了|一体化推进|(?<=升级|打造|建设|改造)[为成]|高标准|高水平|高质量推进|适度超前"
    r"|支持|训练|孵化(?!器|中|平|基)|新|好|用好|自主(?=研发))+(?!化)"
)
_NEW = re.compile(r"(?:新一代|新型)")
# What a system can do is not in its name, but 能力评估平台 is.
_ABLE = (
    r"(?:服务)?(?:功能|能力)(?!评|测|开放|认证|验证|检|平台|中心|体系)"
    r"|[^\W的]{2,6}(?:能力|水平|功能|性能|质效|效能)$|升级版|[(]"
)
# A number of them is a target, not a name.
_COUNTED = re.compile(
    r"(?:至少|不少于|不低于|超过|超|约|近|累计|新增|总数|全市|全省|新|形成|建成)*"
    r"(?:\d[\d.]*(?:[-—–~至]+\d+)?|[xX×]{1,3}|[二三四五六七八九十百千万两]{1,3})"
    r"(?:余|多)?(?:万|亿)?(?:个|家|套|款|座|处|项|张|类|支|所|条|P|E|台|种|批次)"
)
_NUMBERED = re.compile(r"[一-龥](?:\d[\d.]*|[xX×]{1,2})(?:余|多)?(?:家|个|座|所|套|款)")
# Who has the system built is not the system: 市人民医院.
_OWNER = re.compile(
    r"[省市县区州]?(?:级|内)?[^智慧数字云、]{0,4}(?:人民|中|妇幼保健|中西医结合|肿瘤|儿童|附属|中心)医院"
    r"|(?:[省市县区]|各).{0,6}(?:图书馆|博物馆|科学院|党校)"
)
_SLOGAN = re.compile(
    r"人工智能\+|AI\+|数据要素|\+|×|行动|工程|计划|模式|战略|制度|机制|清单|大赛|挂帅|产业|蓄水池|经济|格局|高地|名片|品牌|第.极"
)
# 城市大脑2.0, 计算中心二期, 智能助手“小办”.
_EDITION = r"(?:[Vv]?\d\.\d版?|[(]?[一二三四五]期[)]?(?:项目|工程)?|“[^”]{2,8}”(?=$|[,、和]))?"
# What a quoted name may be followed by: 升级“云办”“云通”两个终端.
_QUOTED_NAME = re.compile(
    r"(?:“[^”]*”|\"[^\"]*\"|「[^」]*」)+(?:[Vv]?\d\.\d版?|[一二三四五]期|升级版)?"
    r"(?:等?(?:[两二三四五六七八九十\d]+个)?[^、]{0,4}(?:终端|应用|门户|服务端|载体))?"
)
_SHORTEST = 4
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Name:
    """Where a phrase stands in the text it was found in, and the name in it."""

    start: int
    end: int
    name: str


@functools.cache
def words() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The word lists of systems.toml, by table and key."""
    text = resources.files(__package__).joinpath("systems.toml").read_text("utf8")
    return {
        table: {key: tuple(value.split()) for key, value in lists.items()}
        for table, lists in tomllib.loads(text).items()
    }


def either(choices: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(set(choices), key=len, reverse=True))) + ")"


def named(text: str, start: int, end: int, *, bare_quotes: bool = False) -> tuple[Name, ...]:
    """The names in text[start:end], the object of a verb, in order.

    bare_quotes : whether a quoted word without a noun behind it is a name too
    """
    if _COUNTED.match(text, start, end):
        return ()
    found: list[Name] = []
    first = None
    for a, b in _conjuncts(text, start, end):
        first = _begin(text, a, end) if first is None else first
        stop = _stop(text, (first, a, b, end), bare_quotes=bare_quotes or bool(found))
        if stop is None:
            continue
        name = _name(text, first, stop)
        if name is not None:
            found.append(name)
        elif found:
            # 大模型和专用平台: a kind of thing only goes with the name before it.
            found[-1] = Name(found[-1].start, stop, text[found[-1].start : stop])
        first = None
        if stop < b and text[stop] != ",":
            break
    return tuple(found)


def _conjuncts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    quoted = [q.span() for q in _QUOTE.finditer(text, start, end)]
    first = start
    for mark in _AND.finditer(text, start, end):
        if any(a < mark.start() < b for a, b in quoted):
            continue
        yield first, mark.start()
        first = mark.end()
    yield first, end


def _begin(text: str, start: int, end: int) -> int:
    """Where the name begins behind what only counts or praises it."""
    lead = None if _NEW.match(text, start, end) else _LEAD.match(text, start, end)
    return lead.end() if lead else start


def _stop(text: str, places: tuple[int, int, int, int], *, bare_quotes: bool) -> int | None:
    """Where the name that began at `first` ends in the conjunct text[start:end], if it does.

    places : first, start, end, and where the whole object ends
    """
    first, start, end, whole = places
    nouns, follows = _patterns()
    last = end - 1 if text[end - 1 : end] == "," else end
    for found in nouns.finditer(text, start, last):
        stop = found.end(1)
        if stop < last and (not follows.match(text, stop, last) or _goes_on(text, stop, last)):
            continue
        if not _is_open(text[first:stop], text[stop:whole]):
            return stop
    quote = _QUOTE.search(text, start, last) if bare_quotes and last - start <= 20 else None
    whole_name = _QUOTED_NAME.fullmatch(text, quote.start(), last) if quote else None
    return last if quote and whole_name and not _SLOGAN.search(quote.group()) else None


def _goes_on(text: str, stop: int, last: int) -> bool:
    """Whether what looks like a verb behind a noun is part of a longer name: 大模型研发平台."""
    return bool(_longer().fullmatch(text, stop, last))


def _is_open(phrase: str, rest: str) -> bool:
    """Whether a phrase begins a modifier whose 的 is still to come, or never comes."""
    if not _OPENER.match(phrase) or "的" in phrase:
        return False
    return "的" in rest or not _MAY_OPEN.match(phrase)


def _name(text: str, start: int, end: int) -> Name | None:
    phrase = text[start:end]
    if _COUNTED.match(phrase) or _NUMBERED.search(phrase) or _OWNER.fullmatch(phrase):
        return None
    name = _trimmed(phrase)
    if _general().fullmatch(name):
        name = phrase
    bare = name.strip('“”"')
    shortest = 2 if _QUOTED_NAME.fullmatch(phrase) else _SHORTEST
    if len(bare) < shortest or _general().fullmatch(name) or len(phrase) > _LONGEST:
        return None
    if name.rpartition("的")[2] in words()["nouns"]["kinds"]:
        return None
    if _QUOTE.fullmatch(name) or name.count("“") != name.count("”"):
        name = bare
    return None if _never().search(bare) else Name(start, end, name)


def _trimmed(phrase: str) -> str:
    """The phrase without the modifier before its last 的, where enough is left."""
    hidden = _QUOTE.sub(lambda q: "x" * len(q.group()), phrase)
    name = phrase[hidden.rfind("的") + 1 :]
    return name if len(name) > _SHORTEST else phrase


@functools.cache
def head() -> str:
    """A pattern for the noun in which a name ends."""
    nouns = words()["nouns"]
    schemes = "|".join(f"(?<={re.escape(w)})" for w in nouns["schemes"])
    twin = r"(?<=数字孪生)[^\W\d]{2,4}(?=$|[、,和与])"
    place = r"(?:\([一-龥]{2,6}\))?"
    return f'(?:{either(nouns["heads"])}|(?:{schemes})体系|{twin})[”"」]?{place}{_EDITION}'


@functools.cache
def doing() -> str:
    """A pattern for a noun of doing that ends a phrase: 建设, 标准化建设, 研发应用."""
    nouns = words()["nouns"]
    after = "$|[、,和与及并]|工作|试点|任务|工程|进度|步伐|项目|示范|行动|中|力度"
    return f"{either(nouns['manner'])}*(?P<done>{either(nouns['doing'])})(?={after})"


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(f"(?=({head()}))"),
        re.compile(f"{doing()}|{either(words()['nouns']['then'])}|{_ABLE}"),
    )


@functools.cache
def _longer() -> re.Pattern[str]:
    middle = either(words()["nouns"]["middle"])
    return re.compile(f"{middle}[^\\W的一把将]{{0,8}}?{head()}")


@functools.cache
def _general() -> re.Pattern[str]:
    nouns = words()["nouns"]
    return re.compile(f"(?!产业学院){either(nouns['general'])}{{0,2}}{either(nouns['heads'])}")


@functools.cache
def _never() -> re.Pattern[str]:
    return re.compile(either(words()["nouns"]["never"]) + r"$")
