"""What changed between two sets of frozen readings, and why: the records that made it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qianhang.core.words import Lang, say
from qianhang.plan.office.wording import (
    figure,
    ids,
    percent,
    state_words,
    target_words,
)
from qianhang.plan.reasons import in_words

if TYPE_CHECKING:
    from qianhang.plan.standing import Standing

__all__ = ["Change", "changes", "shown"]


@dataclass(frozen=True, slots=True)
class Change:
    """One target that stands otherwise than it did; `before` or `now` is None where it was not
    among the confirmed targets."""

    before: Standing | None
    now: Standing | None
    added: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()

    @property
    def ref(self) -> str:
        """The target."""
        return _either(self).item.ref


def changes(before: Sequence[Standing], now: Sequence[Standing]) -> tuple[Change, ...]:
    """The targets whose state, value, claim or definition changed, in the order of the plan."""
    old = {s.item.ref: s for s in before}
    new = {s.item.ref: s for s in now}
    pairs = [(old.get(ref), s) for ref, s in new.items()]
    found = [_change(a, b) for a, b in pairs if a is None or _facts(a) != _facts(b)]
    return (*found, *(Change(s, None) for ref, s in old.items() if ref not in new))


def shown(change: Change, lang: Lang) -> tuple[str, str, str, str]:
    """Target, how it stood, how it stands, and why."""
    reasons = say("office.semicolon", lang=lang).join(_reasons(change, lang))
    target = target_words(_either(change).item.values)
    return target, _stood(change.before, lang), _stood(change.now, lang), reasons


def _either(change: Change) -> Standing:
    found = change.now or change.before
    if found is None:
        raise ValueError("a change needs a standing before or now")
    return found


def _facts(s: Standing) -> tuple[object, ...]:
    return s.state, s.reading.value, s.reading.claimed, target_words(s.item.values)


def _change(before: Standing | None, now: Standing) -> Change:
    if before is None:
        return Change(None, now)
    old, new = _used(before), _used(now)
    return Change(before, now, tuple(sorted(new - old)), tuple(sorted(old - new)))


def _used(s: Standing) -> set[int]:
    """Records that the reading stands on; claims do not make a value, but are evidence too."""
    return {c.seq for c in s.reading.components if c.used}


def _claims(s: Standing) -> set[int]:
    return {c.seq for c in s.reading.components if c.used and c.grade == "D"}


def _stood(s: Standing | None, lang: Lang) -> str:
    if s is None:
        return say("office.changes.absent", lang=lang)
    value = figure(s.reading.value, s.reading.unit)
    state = state_words(s.state, lang)
    return say("office.changes.stood", lang=lang, state=state, value=value) if value else state


def _reasons(change: Change, lang: Lang) -> Iterator[str]:
    old, new = change.before, change.now
    if old is None or new is None:
        yield say(f"office.changes.{'listed' if old is None else 'unlisted'}", lang=lang)
        return
    claims = _claims(new) & set(change.added)
    for key, numbers in (("added", set(change.added) - claims), ("claimed", claims)):
        if numbers:
            yield _counted(key, tuple(sorted(numbers)), lang)
    if change.gone:
        yield _counted("gone", change.gone, lang) + _why_gone(change.gone, new, lang)
    pairs: Mapping[str, tuple[str, str]] = {
        "redefined": (target_words(old.item.values), target_words(new.item.values)),
        "rule": (_rule(old), _rule(new)),
        "override": (_override(old, lang), _override(new, lang)),
    }
    told = bool(change.added or change.gone)
    for key, (a, b) in pairs.items():
        if a != b:
            told = True
            yield say(f"office.changes.{key}", lang=lang, before=a or "—", now=b or "—")
    if not told:
        yield _by_time(old, new, lang)


def _counted(key: str, numbers: tuple[int, ...], lang: Lang) -> str:
    shown_ids = ids(numbers, lang)
    return say(f"office.changes.{key}", lang=lang, count=len(numbers), ids=shown_ids)


def _why_gone(gone: tuple[int, ...], now: Standing, lang: Lang) -> str:
    """Why records no longer count, as the reading says; each reason once."""
    whys = dict.fromkeys(c.why for c in now.reading.components if c.seq in gone and c.why)
    told = (in_words(why, lang) for why in whys)
    return "".join(say("office.changes.because", lang=lang, why=why) for why in told)


def _rule(s: Standing) -> str:
    rule = s.reading.rule
    return "" if rule is None else f"v{rule.version}"


def _override(s: Standing, lang: Lang) -> str:
    return "" if s.override is None else state_words(s.override.state, lang)


def _by_time(old: Standing, new: Standing, lang: Lang) -> str:
    """No record changed: the deadline passed, or more is expected by now."""
    if new.assessment.state == "overdue":
        return say("office.changes.deadline", lang=lang)
    before, now = old.assessment.expected, new.assessment.expected
    if before is not None and now is not None and before != now:
        return say("office.changes.expected", lang=lang, before=percent(before), now=percent(now))
    return say("office.changes.aged", lang=lang)
