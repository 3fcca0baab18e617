"""Where text without a place of its own stands, by the widths that a font declares."""

from __future__ import annotations

from typing import Any

from qianhang.plan.reading.advances import Pen

DRAWN: dict[str, Any] = {
    "/Subtype": "/Type3",
    "/FontMatrix": [0.001, 0, 0, -0.001, 0, 0],
    "/FirstChar": 33,
    "/Widths": [1000, 500],
}


def after(shown: list[Any], font: dict[str, Any], size: float) -> float:
    """How far a piece begins behind text of another font."""
    pen = Pen()
    pen.operator(b"Td", [10, 0])
    pen.operator(b"TJ", [shown])
    assert pen.taken(font, size) == 0
    pen.operator(b"Tf", ["/F2", size])
    pen.operator(b"Tj", [b"!"])
    return pen.taken(font, size)


def test_text_goes_on_behind_that_of_another_font() -> None:
    assert after([b"!"], DRAWN, 16) == 16
    assert after([b'!"'], DRAWN, 16) == 24


def test_gaps_between_glyphs_count_in_thousandths() -> None:
    assert after([b"!", -250, b"!"], DRAWN, 16) == 36


def test_an_operator_that_places_text_begins_anew() -> None:
    pen = Pen()
    pen.operator(b"Tj", [b"!"])
    pen.taken(DRAWN, 16)
    pen.operator(b"Td", [16, 0])
    pen.operator(b"Tj", [b"!"])
    assert pen.taken(DRAWN, 16) == 0


def test_a_font_without_sound_widths_is_no_error() -> None:
    assert after([b"!!"], {"/Subtype": "/Type0"}, 16) == 16
    assert after([b"!!"], {"/Subtype": "/TrueType", "/Widths": 7}, 16) == 0
