"""Named systems: the platform, model, data set or network that a verb of building governs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from qianhang.plan.document import NamedSystem
from qianhang.plan.reading.clauses import clauses
from qianhang.plan.reading.conjuncts import Name, doing, either, named, words
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.outline import Heading

__all__ = ["systems"]

Kind = Literal["strong", "weak", "light", "relying"]
# What is forbidden is not built, and what stands already is not to be.
_FORBIDDEN = re.compile(
    r"不得|不再|禁止|严禁|严控|防止|避免|杜绝|已(?:经|先后|累计)?(?:建|形成|搭建|打造|上线|研发|成立|开通)|建成了|目前"
    r"|等[^、]{0,4}(?:关键|核心)技术"
)
_REWARDED = re.compile(r"对.*(?:给予|予以|奖励|补助)")
# 以X为基础, 《X办法》: no verb in these builds anything.
_HIDDEN = re.compile(
    r"《[^》]*》|以[^以]{2,40}?为(?:载体|基础|重点|核心|依托|底座|基座|抓手|目标|主线|牵引|支撑|导向|主体|突破口)"
)
# What may stand between the last name and the noun of doing: 公安大模型等技术研发, 平台和设备开发.
_BETWEEN = re.compile(
    r"|等(?![^、]*(?:融合|对接|场景|协同|能力|产业|生态|人才|安全|产品))[^、]{0,16}|(?:和|与|、|及)[^、和与及等]{2,6}"
)
# 提供X等服务 offers no X, and 建立A与B对接机制 builds neither.
_OFFERED = re.compile(r"(?:服务|支持|支撑|能力|保障|供给|信息|指导|依据|方案|便利|产品)$")
_LINKED = re.compile(r"(?:对接|衔接|联动|协同|协作)机制$")


@dataclass(frozen=True, slots=True)
class _Verb:
    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Found:
    verb: str
    kind: Kind
    name: Name


def systems(folded: Folded, headings: Sequence[Heading]) -> tuple[NamedSystem, ...]:
    """The named systems under the headings, in order of the text; folded offsets."""
    found: list[NamedSystem] = []
    for clause in clauses(folded, headings):
        for part in _found(clause.text):
            start, end = clause.place(part.name.start, part.name.end)
            role: Literal["build", "existing"] = "existing" if part.kind == "relying" else "build"
            span = folded.quote(start, end)
            name = part.name.name
            found.append(NamedSystem(clause.section, name, part.verb, role, span, start, end))
    return tuple(found)


def _found(clause: str) -> Iterator[_Found]:
    if _FORBIDDEN.search(clause) or _REWARDED.match(clause):
        return
    place, strong = 0, False
    clause = _HIDDEN.sub(lambda m: m.group()[0] + "x" * (len(m.group()) - 1), clause)
    for verb, following in pairwise([*_verbs(clause), None]):
        if verb is None or verb.start < place or (verb.kind == "weak" and strong):
            continue
        if following is not None and _leaves_it(clause, verb, following):
            continue
        strong = strong or verb.kind == "strong"
        said, names = _object(clause, verb)
        for name in names:
            yield _Found(said, verb.kind, name)
            place = name.end


def _leaves_it(clause: str, verb: _Verb, following: _Verb) -> bool:
    """Whether of two verbs in a row the second is the one to be quoted: 建立健全."""
    if verb.end != following.start or following.kind != "strong":
        return False
    first, second = clause[verb.start : verb.end], clause[following.start : following.end]
    return first in _list("leading") and second not in _list("trailing")


def _object(clause: str, verb: _Verb) -> tuple[str, Sequence[Name]]:
    """The verb to be quoted, and the names that it governs."""
    said = clause[verb.start : verb.end]
    if verb.kind == "light":
        return _nominal(clause, verb)
    if verb.kind == "relying":
        return said, named(clause, verb.end, _next_strong(clause, verb.end))
    if _LINKED.search(clause) or _offers(clause, said, verb.kind):
        return said, ()
    if clause.endswith("能力") and said not in _list("improving"):
        return said, ()
    end = _reach(clause, verb.end)
    names = named(clause, verb.end, end, bare_quotes=said in _list("quoting"))
    return said.removesuffix("应用"), names


def _offers(clause: str, said: str, kind: Kind) -> bool:
    return kind == "weak" and said not in _list("improving") and bool(_OFFERED.search(clause))


def _reach(clause: str, place: int) -> int:
    """Where the object ends: at a mark behind which another verb has its own."""
    comma = clause.find(",", place)
    for verb in _verbs(clause):
        if verb.start <= place or verb.kind != "strong":
            continue
        if clause[verb.start - 1] == "、":
            return verb.start - 1
        if 0 <= comma < verb.start:
            return comma
    return len(clause)


def _next_strong(clause: str, place: int) -> int:
    return next(
        (v.start for v in _verbs(clause) if v.start >= place and v.kind == "strong"), len(clause)
    )


def _nominal(clause: str, verb: _Verb) -> tuple[str, Sequence[Name]]:
    """推进X平台建设: names followed by a noun of doing, with no other verb of building before."""
    said = clause[verb.start : verb.end]
    for found in _doing().finditer(clause, verb.end):
        stop = found.start()
        if stop - verb.end < 3:
            continue
        inner = [v for v in _verbs(clause[:stop]) if v.start >= verb.end]
        if any(v.kind == "strong" or clause[v.start : v.end] in _list("acting") for v in inner):
            return said, ()
        names = named(clause, verb.end, stop)
        between = clause[names[-1].end : stop] if names else "x"
        if not between or (_BETWEEN.fullmatch(between) and "应用" not in found.group()):
            # 加快X建设: what is done to X is 建设; 推进X建设 stays 推进.
            done = found["done"][:2]
            return (done if said in _list("manner") and done in _list("strong") else said), names
    return said, ()


@functools.lru_cache(maxsize=64)
def _verbs(clause: str) -> tuple[_Verb, ...]:
    pattern, kinds = _pattern()
    return tuple(
        _Verb(found.start(), found.end(), kinds[found.group()])
        for found in pattern.finditer(clause)
    )


@functools.cache
def _list(key: str) -> frozenset[str]:
    return frozenset(words()["verbs"][key])


@functools.cache
def _doing() -> re.Pattern[str]:
    return re.compile(doing())


@functools.cache
def _pattern() -> tuple[re.Pattern[str], dict[str, Kind]]:
    lists = words()["verbs"]
    order: tuple[Kind, ...] = ("light", "weak", "relying", "strong")
    kinds: dict[str, Kind] = {verb: kind for kind in order for verb in lists[kind]}
    relying, building = either(lists["relying"]), either(set(kinds) - set(lists["relying"]))
    return re.compile(f"{relying}|(?<!机(?=构建)){building}{_not_a_noun()}"), kinds


def _not_a_noun() -> str:
    """What must not follow a verb, lest it be part of a noun: 住房城乡建设厅, 研发中心."""
    after = words()["nominal"]
    each = (f"(?<!{verb}(?={'|'.join(rest)}))" for verb, rest in after.items() if verb != "any")
    return f"(?!{'|'.join(after['any'])}|$)" + "".join(each)
