"""A plan issued again: which item of the new version is which of the old, and what differs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qianhang.plan.items import Item

__all__ = ["Change", "Difference", "carried", "difference", "plain", "restated", "same_title"]

_ALIKE = 0.5
_NOISE = re.compile(r"[\W_]+")
# What a draft's title has and the issued one's has not.
_DRAFT = re.compile(r"征求意见稿|公开征求意见|草案|送审稿|试行|修订版|修订|修正版|暂行")
_ISSUED = re.compile(r"关于(?:印发|公开征求)|的?通知$|的?公告$")


@dataclass(frozen=True, slots=True)
class Change:
    """One item before and after; fields : what differs."""

    before: Item
    after: Item
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions of a plan, item by item; unchanged holds the newer ones."""

    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[Item, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of each."""
        names = ("added", "removed", "changed", "unchanged")
        return {name: len(getattr(self, name)) for name in names}


def plain(text: str) -> str:
    """A text by which two spellings of one thing are equal: no spaces, marks or full width."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def same_title(first: str, second: str) -> bool:
    """Whether two titles name one plan, be one of them its draft."""
    bare = [plain(_ISSUED.sub("", _DRAFT.sub("", t))) for t in (first, second)]
    return bool(bare[0]) and bare[0] == bare[1]


def difference(
    old: Sequence[Item], new: Sequence[Item], *, unit: Callable[[str], str] = plain
) -> Difference:
    """What differs between two versions whose items share codes.

    unit : printed name -> what all names of one unit share, by which another spelling is no change
    """
    before = {i.code: i for i in old}
    after = {i.code: i for i in new}
    pairs = [(before[code], item) for code, item in after.items() if code in before]
    changes = [Change(a, b, _fields(a, b, unit)) for a, b in pairs]
    return Difference(
        added=tuple(i for code, i in after.items() if code not in before),
        removed=tuple(i for code, i in before.items() if code not in after),
        changed=tuple(c for c in changes if c.fields),
        unchanged=tuple(c.after for c in changes if not c.fields),
    )


def _fields(before: Item, after: Item, unit: Callable[[str], str]) -> tuple[str, ...]:
    """The values that differ as they were read; a move to another number is no change."""
    # What a model proposed keeps its source beside what was read.
    own = [n for n in after.values if n in after.read]
    names = [n for n in own if n not in ("also", "mission", "deadline_source")]
    keys = {n: unit if n == "units" else plain for n in names}
    pairs = {n: (before.read.get(n), after.read[n]) for n in names}
    found = [n for n, (a, b) in pairs.items() if _bare(a, keys[n]) != _bare(b, keys[n])]
    if before.kind != "section" and not found and plain(before.span) != plain(after.span):
        # The same figures in another sentence: a person should look again.
        return ("span",)
    return tuple(found)


def _bare(value: Any, key: Callable[[str], str]) -> Hashable:
    if isinstance(value, str):
        return key(value)
    if isinstance(value, Mapping):
        return tuple((k, _bare(v, key)) for k, v in sorted(value.items()) if v)
    if isinstance(value, list | tuple):
        return tuple(_bare(v, key) for v in value)
    return None if value is None else float(value)


def carried(
    old: Sequence[Item],
    new: Sequence[Item],
    *,
    codes: Iterable[str] = (),
    unit: Callable[[str], str] = plain,
) -> list[Item]:
    """The new items with the codes of those that they continue, and what was added by hand.

    codes : all that any version has had, so that none names two things; unit : as for `difference`
    State, editor and edits go over where nothing has changed; a changed item is a draft again.
    """
    taken: set[str] = set()
    found: dict[int, Item] = {}
    for key in _KEYS:
        _pair(old, new, key=key, found=found, taken=taken)
    _pair_alike(old, new, found=found, taken=taken)
    kept = [_continued(found[i], item, unit) if i in found else item for i, item in enumerate(new)]
    by_hand = [
        replace(i, version=new[0].version if new else i.version + 1)
        for i in old
        if not i.read and i.code not in taken
    ]
    fresh = {i for i in range(len(new)) if i not in found}
    return _numbered(kept, fresh=fresh, codes=(*codes, *(i.code for i in old))) + by_hand


def restated(old: Sequence[Item], new: Sequence[Item], *, text: str) -> list[Item]:
    """What a model had proposed and no new item continues, where the new text has its words.

    new : the items of the new version; text : what they were read from
    """
    held = {i.code for i in new}
    sections = [i for i in new if i.kind == "section"]
    kept = []
    for item in old:
        start = text.find(item.span) if item.proposed and item.code not in held else -1
        if start < 0:
            continue
        around = [s for s in sections if s.start <= start < s.end]
        inner = max(around, key=lambda s: s.start, default=None)
        moved = start - item.start
        place = [p + moved for p in item.read["place"]]
        kept.append(replace(
            item, version=item.version + 1, section=inner.section if inner else "", start=start,
            end=start + len(item.span), revision=0, read={**item.read, "place": place},
        ))  # fmt: skip
    return kept


def _continued(before: Item, after: Item, unit: Callable[[str], str]) -> Item:
    same = replace(after, code=before.code)
    if _fields(before, after, unit):
        return same
    edits = before.values if before.state == "edited" else after.values
    return replace(
        same, state=before.state, by=before.by, at=before.at, values=edits,
    )  # fmt: skip


def _numbered(items: list[Item], *, fresh: set[int], codes: Iterable[str]) -> list[Item]:
    """Fresh items get codes that no version has had."""
    last: dict[str, int] = {}
    for code in codes:
        last[code[0]] = max(last.get(code[0], 0), int(code[1:]))
    done = []
    for i, item in enumerate(items):
        if i in fresh:
            letter = item.code[0]
            last[letter] = last.get(letter, 0) + 1
            done.append(replace(item, code=f"{letter}{last[letter]}"))
        else:
            done.append(item)
    return done


Key = Callable[[Item], Hashable]


def _quantity(item: Item) -> Hashable:
    read = item.read
    return tuple(read.get(n) for n in ("comparator", "low", "high", "unit"))


# From the surest to the loosest: path, title (or indicator) and year, then fewer of them.
_KEYS: tuple[Key, ...] = (
    lambda i: (i.section, _title(i), i.read.get("deadline"), _quantity(i), plain(i.span)),
    lambda i: (i.section, _title(i), i.read.get("deadline"), _quantity(i)),
    lambda i: (_title(i), i.read.get("deadline"), _quantity(i)),
    lambda i: (i.section, _title(i), i.read.get("deadline")),
    lambda i: (_title(i), i.read.get("deadline")),
    lambda i: (i.section, _title(i)),
    lambda i: (_title(i),),
)


def _title(item: Item) -> str:
    name = next((item.read[n] for n in ("title", "indicator", "name") if n in item.read), "")
    return plain(str(name))


def _pair(
    old: Sequence[Item], new: Sequence[Item], *, key: Key, found: dict[int, Item], taken: set[str]
) -> None:
    """Pair what has equal keys, in the order of the text."""
    waiting: dict[Hashable, list[Item]] = {}
    for item in old:
        if item.code not in taken and item.read:
            waiting.setdefault((item.kind, key(item)), []).append(item)
    for i, item in enumerate(new):
        same = waiting.get((item.kind, key(item))) if i not in found else None
        if same:
            found[i] = same.pop(0)
            taken.add(found[i].code)


def _pair_alike(
    old: Sequence[Item], new: Sequence[Item], *, found: dict[int, Item], taken: set[str]
) -> None:
    """Pair what is left in the same section under a similar name."""
    for i, item in enumerate(new):
        if i in found:
            continue
        near = [
            o for o in old
            if o.code not in taken and o.read and (o.kind, o.section) == (item.kind, item.section)
        ]  # fmt: skip
        best = max(near, key=lambda o: _dice(_title(o), _title(item)), default=None)
        if best and _dice(_title(best), _title(item)) >= _ALIKE:
            found[i] = best
            taken.add(best.code)


def _dice(first: str, second: str) -> float:
    """The share of pairs of neighbouring characters that two texts have in common, 0 to 1."""
    a, b = ({t[i : i + 2] for i in range(len(t) - 1)} or {t} for t in (first, second))
    return 2 * len(a & b) / (len(a) + len(b))
