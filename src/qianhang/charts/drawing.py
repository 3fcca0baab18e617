"""A small SVG writer: every text escaped, every number short, the result valid XML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from qianhang.charts.style import STYLE

__all__ = ["Drawing", "clean"]


def clean(text: str) -> str:
    """The text as XML character data: escaped, without characters that XML forbids."""
    return escape("".join(c for c in text if _allowed(c)))


def _allowed(char: str) -> bool:
    if char < " ":
        return char in "\t\n"
    return not ("\ud800" <= char <= "\udfff" or char in "\ufffe\uffff")


def _n(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("a drawing takes finite numbers only")
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


class Drawing:
    """Shapes collected in order, then closed into one SVG text."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def line(self, start: tuple[float, float], end: tuple[float, float], *, css: str) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        self._parts.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{css}"/>'
        )

    def path(
        self, points: Sequence[tuple[float, float]], *, css: str, closed: bool = False
    ) -> None:
        """A polyline, or a filled outline."""
        if points:
            body = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
            self._parts.append(f'<path d="M{body}{"Z" if closed else ""}" class="{css}"/>')

    def rect(
        self, corner: tuple[float, float], size: tuple[float, float], *, css: str, round_: float = 0
    ) -> None:
        """A rectangle; negative sizes are drawn the other way round."""
        (x, y), (w, h) = corner, size
        x, w = (x + w, -w) if w < 0 else (x, w)
        y, h = (y + h, -h) if h < 0 else (y, h)
        corner_ = f' rx="{_n(round_)}"' if round_ else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"{corner_} '
            f'class="{css}"/>'
        )

    def circle(self, centre: tuple[float, float], radius: float, *, css: str) -> None:
        """A filled or hollow dot."""
        x, y = centre
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{css}"/>')

    def cross(self, centre: tuple[float, float], radius: float, *, css: str) -> None:
        """A small x, told apart from a dot without colour."""
        (x, y), r = centre, radius
        down = f"M{_n(x - r)} {_n(y - r)}L{_n(x + r)} {_n(y + r)}"
        up = f"M{_n(x - r)} {_n(y + r)}L{_n(x + r)} {_n(y - r)}"
        self._parts.append(f'<path d="{down}{up}" class="{css}"/>')

    def text(
        self, place: tuple[float, float], text: str, *, css: str = "", anchor: str = "start"
    ) -> None:
        """One line of text, anchored at start, middle or end."""
        x, y = place
        kind = f' class="{css}"' if css else ""
        side = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{kind}{side}>{clean(text)}</text>')

    def svg(self, *, title: str, about: str, key: str, lang: str, style: bool) -> str:
        """The whole picture, named and described for those who do not see it."""
        w, h = _n(self.width), _n(self.height)
        sheet = f"<style>{STYLE}</style>" if style else ""
        id_ = quoteattr(key)[1:-1]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="qh" viewBox="0 0 {w} {h}" '
            f'width="{w}" height="{h}" role="img" lang="{lang}" '
            f'aria-labelledby="{id_}-t {id_}-d">'
            f'<title id="{id_}-t">{clean(title)}</title><desc id="{id_}-d">{clean(about)}</desc>'
            f"{sheet}{''.join(self._parts)}</svg>"
        )
