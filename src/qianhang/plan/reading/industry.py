"""The industry, or the matter of support, that a section is about."""

from __future__ import annotations

import functools
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

__all__ = ["industry"]

# A section title speaks for more than its text does; the text decides where the title is silent.
_TITLE = 12.0
_READ = 1200
_LONG = 3
# Industries wide enough to have others, and matters of support, among their sections.
_WIDE = frozenset(("industry", "science", "governance", "urban"))

# Who answers says nothing of the matter: every section names the office of finance.
_ANSWERS = re.compile(
    r"[(\[【][^()\[\]【】\n]*(?:责任|牵头|配合|负责)[^()\[\]【】]*[)\]】]"
    r"|(?:责任|牵头|配合)(?:单位|部门)\s?[:：].*|.*\t.*"
)


@dataclass(frozen=True, slots=True)
class _Words:
    domain: Mapping[str, str]
    matter: Mapping[str, str]
    none: re.Pattern[str]
    multi: re.Pattern[str]
    exact: Mapping[str, str]
    order: Mapping[str, int]
    domain_any: re.Pattern[str]
    matter_any: re.Pattern[str]


def industry(title: str, text: str, parent: str | None) -> str | None:
    """The tag of a section by its title, its own text and the tag of the section above it.

    None for sections about the plan as a whole, and where no word gives a hint.
    """
    words = _words()
    bare = re.sub(r"[\s“”\"《》]|人工智能\s?\+|AI\s?\+", "", title)
    if words.multi.search(bare):
        return "multi"
    rest = words.matter_any.sub(lambda found: "" if len(found[0]) > _LONG else found[0], bare)
    domain = _score(rest, words.domain, words.domain_any)
    matter = _score(bare, words.matter, words.matter_any)
    if not domain and not matter and words.none.search(bare):
        return None
    if bare in words.exact:
        return words.exact[bare]
    return _chosen(domain, matter, _ANSWERS.sub("", text[:_READ]), parent)


def _chosen(
    domain: Counter[str], matter: Counter[str], text: str, parent: str | None
) -> str | None:
    """The tag with the most weight; a parent's industry outweighs a matter named in the title."""
    words = _words()
    kept, above = _inherited(parent)
    kept *= 0.5 if domain else 1.0
    total: defaultdict[str, float] = defaultdict(float)
    for scores, weight in ((domain, _TITLE), (matter, kept * _TITLE)):
        for tag, score in scores.items():
            total[tag] += weight * score
    if parent:
        total[parent] += above
    silent = not domain and not matter
    for tag, share in _shares(text, words.domain, words.domain_any).items():
        total[tag] += (10 if silent else 6) * share
    for tag, share in _shares(text, words.matter, words.matter_any).items():
        total[tag] += (8 if silent else 4) * share
    return max(total, key=lambda tag: (total[tag], -words.order[tag])) if total else None


def _inherited(parent: str | None) -> tuple[float, float]:
    """How much a matter in the title still weighs under a parent, and the parent's own weight."""
    if parent not in _words().domain.values():
        return 1.0, 8.0
    return (0.7, 16.0) if parent in _WIDE else (0.4, 32.0)


def _score(text: str, tags: Mapping[str, str], pattern: re.Pattern[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in pattern.findall(text):
        found[tags[word]] += len(word)
    return found


def _shares(text: str, tags: Mapping[str, str], pattern: re.Pattern[str]) -> dict[str, float]:
    scores = _score(text, tags, pattern)
    whole = sum(scores.values())
    return {tag: score / whole for tag, score in scores.items()}


@functools.cache
def _words() -> _Words:
    source = resources.files(__package__).joinpath("industry.toml").read_text("utf8")
    table = tomllib.loads(source)
    domain, matter = _by_word(table["domain"]), _by_word(table["matter"])
    return _Words(
        domain,
        matter,
        _either(table["none"]["words"].split()),
        _either(table["multi"]["words"].split()),
        _by_word(table["exact"]),
        {
            tag: i
            for i, tag in reversed([*enumerate((*table["domain"], *table["matter"], "multi"))])
        },
        _either(domain),
        _either(matter),
    )


def _by_word(tags: Mapping[str, str]) -> dict[str, str]:
    return {word: tag for tag, words in tags.items() for word in words.split()}


def _either(words: Mapping[str, str] | list[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(words, key=len, reverse=True)))
