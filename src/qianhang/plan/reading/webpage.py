"""The text of a web page: blocks as lines, tables as rows, what is not shown left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from qianhang.core.errors import ContractError
from qianhang.plan.reading.encoding import decoded
from qianhang.plan.reading.grid import DITTO, grid_lines
from qianhang.plan.reading.numbering import chinese

__all__ = ["text"]

_HEAD = 4096
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_LEFT_OUT = (
    "script style nav noscript template head select button textarea svg iframe object footer aside "
    "video audio canvas map"
)
_EMPTY = "area base br col embed hr img input link meta param source track wbr"
_BLOCK = (
    "address article blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary ul"
)
_UNSEEN, _VOID, _BLOCKS = (frozenset(t.split()) for t in (_LEFT_OUT, _EMPTY, _BLOCK))
# Elements that a like one ends without a word, and the elements that hold them.
_ENDS = {"li": {"ul", "ol"}, "tr": {"table"}, "td": {"tr", "table"}, "th": {"tr", "table"}}
_LIKE = {"li": {"li"}, "tr": {"tr"}, "td": {"td", "th"}, "th": {"td", "th"}}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BARE = re.compile(r"list-style(?:-type)?\s*:[^;]*none")
_CHINESE = re.compile(r"list-style(?:-type)?\s*:[^;]*(?:cjk|chinese)")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_WIDE = "\u2e80-\u9fff\uff00-\uffef"
_BROKEN = re.compile(rf"(?<=[{_WIDE}])[ \t\r\f]*\n[ \t\r\n\f]*(?=[{_WIDE}])")
_DEEPEST, _WIDEST = 500, 60


def text(data: bytes, *, name: str) -> str:
    """The lines that a reader of the page sees.

    Raises ContractError where no encoding fits, or where nothing is to be seen.
    """
    declared = _CHARSET.search(data[:_HEAD])
    source = decoded(data, name=name, declared=declared.group(1).decode() if declared else "")
    page = _Page()
    page.feed(source.removeprefix("\ufeff"))
    page.close()
    lines = page.lines()
    if not lines:
        message = f"{name}: found a page without text, expected a plan"
        raise ContractError("QH128", message, hint="a page filled by a script? save what it shows")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Cell:
    """A cell under construction: its lines, and how many columns and rows it takes."""

    across: int
    down: int
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    """A table under construction; `outer` where it holds another one."""

    rows: list[list[_Cell]] = field(default_factory=list)
    outer: bool = False

    def lines(self) -> list[str]:
        """What stands for the table."""
        if self.outer:
            return [line for row in self.rows for cell in row for line in cell.lines]
        return list(grid_lines(_spread(self.rows)))


@dataclass(slots=True)
class _List:
    """A list under construction: how its items are numbered, and the last number."""

    numbered: bool
    chinese: bool
    last: int

    def next(self) -> str:
        """What is printed before the next item."""
        self.last += 1
        if not self.numbered:
            return ""
        return f"{chinese(self.last)}、" if self.chinese else f"{self.last}. "


class _Page(HTMLParser):
    """Lines of text, collected by block; a table's cells collect their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._done: list[str] = []
        self._line: list[str] = []
        self._stack: list[tuple[str, bool]] = []
        self._tables: list[_Table] = []
        self._lists: list[_List] = []
        self._ordinal = ""

    def lines(self) -> list[str]:
        """Every line, those of tables that were never closed included."""
        while self._tables:
            self._end_table()
        self._break()
        return self._done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element, or breaks a line."""
        if tag in _VOID:
            self._break(only=tag in ("br", "hr"))
            return
        self._imply(tag)
        given = {key: value or "" for key, value in attrs}
        unseen = tag in _UNSEEN or "hidden" in given or bool(_HIDDEN.search(given.get("style", "")))
        unseen = unseen or self._unseen()
        if len(self._stack) < _DEEPEST:
            self._stack.append((tag, unseen))
        if not unseen:
            self._begin(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Closes an element and all that was left open in it."""
        if not any(name == tag for name, _ in self._stack):
            self._break(only=tag in ("br", "p"))
            return
        while self._stack:
            name, unseen = self._stack.pop()
            if not unseen:
                self._end(name)
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Keeps the text that is shown."""
        if self._unseen():
            return
        if any(name == "pre" for name, _ in self._stack):
            first, *others = data.split("\n")
            self._line.append(first)
            for other in others:
                self._break()
                self._line.append(other)
        else:
            self._line.append(data)

    def _unseen(self) -> bool:
        return bool(self._stack) and self._stack[-1][1]

    def _imply(self, tag: str) -> None:
        """Ends what an opening element ends without a word: <p> in <p>, <td> in <td>."""
        if tag in _BLOCKS and self._stack and self._stack[-1][0] == "p":
            self.handle_endtag("p")
        for name, _ in reversed(self._stack if tag in _ENDS else []):
            if name in _ENDS[tag]:
                return
            if name in _LIKE[tag]:
                self.handle_endtag(name)
                return

    def _begin(self, tag: str, given: Mapping[str, str]) -> None:
        if tag in _BLOCKS or tag in ("table", "tr", "td", "th"):
            self._break()
        if tag in ("ol", "ul"):
            self._lists.append(_list(tag, given))
        elif tag == "li" and self._lists:
            self._ordinal = self._lists[-1].next()
        elif tag == "table":
            for table in self._tables:
                table.outer = True
            self._tables.append(_Table())
        elif self._tables and tag == "tr":
            self._tables[-1].rows.append([])
        elif self._tables and tag in ("td", "th"):
            table = self._tables[-1]
            table.rows = table.rows or [[]]
            table.rows[-1].append(_Cell(_number(given, "colspan"), _number(given, "rowspan")))

    def _end(self, tag: str) -> None:
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if tag == "table" and self._tables:
            self._end_table()
        elif tag in _BLOCKS or tag in ("tr", "td", "th"):
            self._break()

    def _end_table(self) -> None:
        self._break()
        found = self._tables.pop().lines()
        self._sink().extend(found)

    def _break(self, *, only: bool = True) -> None:
        """Ends the line in hand."""
        if not only:
            return
        whole = _BLANKS.sub(" ", _BROKEN.sub("", "".join(self._line))).strip(" ")
        self._line = []
        if whole.strip("\u00a0\u3000\u200b\ufeff "):
            self._sink().append(self._ordinal + whole.replace("\u200b", ""))
            self._ordinal = ""

    def _sink(self) -> list[str]:
        """Where a finished line goes: the cell in hand, or the page."""
        for table in reversed(self._tables):
            if table.rows and table.rows[-1]:
                return table.rows[-1][-1].lines
        return self._done


def _list(tag: str, given: Mapping[str, str]) -> _List:
    style = given.get("style", "").lower()
    plain = tag == "ol" and given.get("type", "1") == "1" and not _BARE.search(style)
    return _List(plain, bool(_CHINESE.search(style)), _number(given, "start") - 1)


def _number(given: Mapping[str, str], key: str) -> int:
    value = given.get(key, "").strip()
    small = value.isascii() and value.isdigit() and 0 < len(value) < 4 and int(value) > 0
    return min(int(value), _WIDEST) if small else 1


def _spread(rows: list[list[_Cell]]) -> list[list[list[str]]]:
    """Rows of equal columns: a ditto under a cell that reaches down, blanks beside a wide one."""
    found = []
    reach: dict[int, int] = {}
    for row in rows:
        line: list[list[str]] = []
        for cell in row:
            _dittos(line, reach)
            if cell.down > 1:
                reach[len(line)] = cell.down - 1
            line += [cell.lines, *([] for _ in range(cell.across - 1))]
        _dittos(line, reach)
        found.append(line)
    return found


def _dittos(line: list[list[str]], reach: dict[int, int]) -> None:
    while reach.get(len(line), 0) > 0:
        reach[len(line)] -= 1
        line.append([DITTO])
