"""How wide a text is, without asking a browser: enough to keep labels apart and uncut."""

from __future__ import annotations

import unicodedata

__all__ = ["clip", "width", "wrap"]

_THIN = set("iljtfrI.,:;'|!()[]{} \u00a0·–-/")
_WIDE = set("mwMW%@—")


def width(text: str, size: float) -> float:
    """Estimated width, in the unit of `size`, a little on the wide side."""
    return sum(_advance(c) for c in text) * size


def _advance(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.02
    if char in _THIN:
        return 0.36
    if char in _WIDE:
        return 0.9
    return 0.68 if char.isupper() else 0.575


def clip(text: str, room: float, size: float) -> str:
    """The text, shortened with an ellipsis where it is wider than `room`."""
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…" if kept else ""


def wrap(text: str, room: float, size: float, *, lines: int = 2) -> tuple[str, ...]:
    """The text on at most `lines` lines, broken at spaces or between CJK characters."""
    done: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width(line + piece.rstrip(), size) > room and len(done) < lines - 1:
            done.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return (*done, clip(line.rstrip(), room, size))


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    word = ""
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        if wide and word:
            pieces.append(word)
            word = ""
        word += char
        if wide or char in " /-":
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces
