"""How far the shown text of a PDF moves the pen, by the widths that its fonts declare."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["Pen"]

_THOUSAND = 1000.0
_PLACES = frozenset({b"Td", b"TD", b"Tm", b"T*", b"BT", b"'", b'"'})
_SHOWS = frozenset({b"Tj", b"TJ", b"'", b'"'})


class Pen:
    """Where text begins that no operator places, behind what was shown before it.

    The library tells the place of the last operator, which several fonts' text may share.
    """

    def __init__(self) -> None:
        self._shown: list[Any] = []
        self._moved = 0.0
        self._begun: float | None = None
        self._spacing = 0.0
        self._widths: dict[int, _Widths] = {}

    def operator(self, name: bytes, given: Sequence[Any]) -> None:
        """Takes an operator before it is carried out."""
        if name in _PLACES:
            self._shown, self._moved = [], 0.0
        if name == b"Tc" and given:
            self._spacing = float(given[0])
        if name in _SHOWS and given:
            self._begun = self._moved if self._begun is None else self._begun
            last = given[-1]
            self._shown += last if isinstance(last, (list, tuple)) else [last]

    def taken(self, font: Any, size: float) -> float:
        """How far behind the place that it is told at a finished piece begins, in text space."""
        begun = self._begun or 0.0
        self._begun = None
        if self._shown and font is not None:
            self._moved += self._advance(font, size)
        self._shown = []
        return begun

    def _advance(self, font: Any, size: float) -> float:
        if id(font) not in self._widths:
            self._widths[id(font)] = _Widths(font)
        widths = self._widths[id(font)]
        total = 0.0
        for part in self._shown:
            if isinstance(part, (int, float)):
                total -= float(part) / _THOUSAND * size
            else:
                codes = list(widths.codes(_raw(part)))
                total += sum(map(widths.of, codes)) * size + self._spacing * len(codes)
        return total


class _Widths:
    """Widths in ems by glyph code, of a font with one byte to a code or with two."""

    def __init__(self, font: Any) -> None:
        # Held so that no other font takes its identity.
        self.font = font
        self._two = font.get("/Subtype") == "/Type0"
        self._default = 1.0 if self._two else 0.5
        self._known: dict[int, float] = {}
        # A font without sound widths is still a font with text.
        with contextlib.suppress(AttributeError, IndexError, KeyError, TypeError, ValueError):
            self._default = _usual(font) if self._two else 0.0
            self._known.update(_of_descendant(font) if self._two else _of_simple(font))

    def codes(self, raw: bytes) -> Iterator[int]:
        """The codes of a string of bytes."""
        if not self._two:
            yield from raw
            return
        for i in range(0, len(raw) - 1, 2):
            yield raw[i] << 8 | raw[i + 1]

    def of(self, code: int) -> float:
        """The width of a code, the font's usual one where it declares none."""
        return self._known.get(code, self._default)


def _usual(font: Any) -> float:
    return float(font["/DescendantFonts"][0].get_object().get("/DW", _THOUSAND)) / _THOUSAND


def _of_simple(font: Any) -> Iterator[tuple[int, float]]:
    scale = abs(float(font["/FontMatrix"][0])) if "/FontMatrix" in font else 1 / _THOUSAND
    first = int(font["/FirstChar"]) if "/FirstChar" in font else 0
    if "/Widths" not in font:
        return
    # Indexing follows a reference; get does not.
    for i, width in enumerate(font["/Widths"]):
        yield first + i, float(width) * scale


def _of_descendant(font: Any) -> Iterator[tuple[int, float]]:
    """Two forms in turn: first [w w ...] and first last w."""
    told = font["/DescendantFonts"][0].get_object().get("/W")
    rest = list(told.get_object()) if told is not None else []
    place = 0
    while place + 1 < len(rest):
        first, second = int(rest[place]), rest[place + 1].get_object()
        if isinstance(second, list):
            for i, width in enumerate(second):
                yield first + i, float(width) / _THOUSAND
            place += 2
        elif place + 2 < len(rest):
            for code in range(first, min(int(second), first + 65_535) + 1):
                yield code, float(rest[place + 2]) / _THOUSAND
            place += 3
        else:
            return


def _raw(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    return bytes(getattr(part, "original_bytes", None) or str(part).encode("latin-1", "replace"))
