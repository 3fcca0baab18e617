"""PDF files made byte by byte: lines joined, repeats dropped, scans and locks named."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import pytest

from qianhang.core.errors import ContractError, MissingExtra
from qianhang.plan.reading import pdf as reader
from qianhang.plan.reading.files import text_from
from qianhang.plan.reading.pdf import joined, without_repeats
from qianhang.plan.reading.ruled import Piece, paragraph

pypdf = pytest.importorskip("pypdf", reason="the extra `plan` is not installed")


def to_unicode(text: str) -> bytes:
    """The table that gives each code back as the character it is."""
    codes = sorted({c.encode("utf-16-be").hex() for c in text})
    pairs = "".join(
        f"{len(part)} beginbfchar\n" + "\n".join(f"<{c}> <{c}>" for c in part) + "\nendbfchar\n"
        for part in (codes[i : i + 100] for i in range(0, len(codes), 100))
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{pairs}endcmap end end"
    ).encode()


def stream(content: bytes, extra: str = "") -> bytes:
    return f"<< /Length {len(content)} {extra}>>\nstream\n".encode() + content + b"\nendstream"


def pdf(pages: Sequence[Sequence[str]], *, mapped: bool = True) -> bytes:
    """A PDF of these lines from top to bottom; its one font's codes are those of UTF-16."""
    programs = []
    for lines in pages:
        shown = (
            f"1 0 0 1 60 {780 - 20 * i} Tm <{t.encode('utf-16-be').hex()}> Tj"
            for i, t in enumerate(lines)
        )
        programs.append("BT /F 12 Tf " + "\n".join(shown) + " ET")
    return drawn(programs, "".join(line for page in pages for line in page), mapped=mapped)


def drawn(programs: Sequence[str], letters: str, *, mapped: bool = True) -> bytes:
    """A PDF whose pages run these programs; letters : all that they show."""
    bodies = [stream(program.encode()) for program in programs]
    first = 6
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(bodies)))
    descendant = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /S /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 >>"
    unicode = "/ToUnicode 5 0 R" if mapped else ""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(bodies)} >>".encode(),
        f"<< /Type /Font /Subtype /Type0 /BaseFont /S /Encoding /Identity-H /DescendantFonts [4 0 R] {unicode} >>".encode(),
        descendant.encode(),
        stream(to_unicode(letters)),
    ]
    for i, body in enumerate(bodies):
        resources = "/Resources << /Font << /F 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {resources} /Contents {first + 2 * i + 1} 0 R >>".encode()
        )
        objects.append(body)
    held, places = io.BytesIO(), []
    held.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, start=1):
        places.append(held.tell())
        held.write(f"{number} 0 obj\n".encode() + content + b"\nendobj\n")
    start = held.tell()
    held.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    held.write("".join(f"{place:010d} 00000 n \n" for place in places).encode())
    held.write(
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    )
    return held.getvalue()


FULL = "为推动人工智能与各行各业深度融合加快发展新质生产力现提出"  # 28 characters, a full line
PAGES = [
    [
        "云泽市人民政府公报",
        "云泽市行动计划",
        "一、总体要求",
        FULL,
        FULL[:20] + "建成应用场景20",
        "个以上。",
    ],
    ["云泽市人民政府公报", FULL, "如下安排。", "二、重点任务", FULL, "— 2 —"],
    ["云泽市人民政府公报", "的任务落到实处。", "（责任单位：市科技局）", FULL[:27] + "。", "3"],
]


def lines(data: bytes) -> list[str]:
    source = text_from(data, name="plan.pdf")
    assert source.media == "application/pdf"
    return source.text.splitlines()


def test_lines_become_paragraphs_across_pages_without_headers_and_page_numbers():
    """Worked out by hand: a line of full width that ends no sentence goes on in the next one."""
    assert lines(pdf(PAGES)) == [
        "云泽市行动计划",
        "一、总体要求",
        FULL + FULL[:20] + "建成应用场景20个以上。",
        FULL + "如下安排。",
        "二、重点任务",
        FULL + "的任务落到实处。",
        "（责任单位：市科技局）",
        FULL[:27] + "。",
    ]


@pytest.mark.parametrize(
    "folio", ["3", "— 3 —", "- 12 -", "第3页", "第 3 页 共 10 页", "3/10", "－3－", "Page 3"]
)
def test_a_page_number_is_dropped_in_the_forms_that_offices_print(folio: str):
    pages = [
        ["甲某某", "乙某某", "丙某某", "丁某某", folio],
        ["戊某某", "己某某", "庚某某", "辛某某", "4"],
    ]
    assert without_repeats(pages) == [pages[0][:-1], pages[1][:-1]]


def test_lines_inside_a_page_are_kept_though_they_repeat():
    pages = [["甲", "乙乙乙", "（责任单位：市科技局）", "丙丙丙", f"丁{n}丁丁"] for n in "一二三"]
    assert [page[-2:] for page in without_repeats(pages)] == [p[2:3] + p[4:] for p in pages]


def test_units_and_headings_at_the_edge_of_pages_are_kept_though_they_repeat():
    unit = "（责任单位：市科技局）"
    pages = [["一、总体要求", f"甲{n}甲甲", f"乙{n}乙乙", unit] for n in "一二三四"]
    assert without_repeats(pages) == pages


def test_a_heading_begins_a_paragraph_though_the_line_before_is_full():
    for heading in ("（二）强化算力", "2.强化算力", "第二章 强化算力", "——强化算力", "②强化算力"):
        assert list(joined([FULL, FULL, heading]))[-1] == heading


def test_a_number_that_opens_a_line_is_no_heading():
    assert list(joined([FULL, "1.5万亿元以上。"])) == [FULL + "1.5万亿元以上。"]


def refused(data: bytes) -> ContractError:
    with pytest.raises(ContractError) as caught:
        text_from(data, name="plan.pdf")
    assert caught.value.message.startswith("plan.pdf: found ")
    assert "\n" not in caught.value.message
    return caught.value


def test_a_scan_without_text_says_so():
    error = refused(pdf([[], [], ["1"]]))
    assert error.code == "QH128"
    assert "found 3 scanned pages with 1 characters of text" in error.message


def locked(user: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(PAGES)))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def test_a_pdf_that_asks_for_a_password_says_so():
    error = refused(locked("secret"))
    assert error.code == "QH129"
    assert "locked with a password" in error.message


def test_a_pdf_that_only_forbids_printing_is_read():
    assert lines(locked(""))[0] == "云泽市行动计划"


def test_a_font_without_a_table_of_characters_is_refused_not_read_as_nonsense():
    """The codes are turned about, so that the text would be other characters."""
    turned = [
        ["".join(chr(0xE000 + ord(c) % 4000) for c in line) for line in page] for page in PAGES
    ]
    assert refused(pdf(turned)).code == "QH116"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.4\n" + bytes(range(256)) * 9, pdf(PAGES)[:300]]
)
def test_a_damaged_pdf_is_named(data: bytes):
    assert refused(data).code in ("QH118", "QH128")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(MissingExtra, match="PDF needs the library pypdf") as caught:
        text_from(pdf(PAGES), name="plan.pdf")
    assert caught.value.code == "QH810"


def shown(x: float, y: float, text: str) -> str:
    return f"BT /F 10 Tf 1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj ET\n"


COLUMNS = (60, 90, 200, 300, 400)


def table(rows: Sequence[Sequence[str]], top: float, *, stroked: bool = False) -> str:
    """A table with rules, 50 points a row; a blank in the second column is merged upwards, lines
    of a cell are parted by /."""
    program = ""
    for i in range(len(rows) + 1):
        y = top - 50 * i
        merged = 0 < i < len(rows) and not rows[i][1]
        for x0, x1 in [(60, 90), (200, 400)] if merged else [(60, 400)]:
            program += f"{x0} {y} m {x1} {y} l S\n" if stroked else f"{x0} {y} {x1 - x0} 0.5 re f\n"
    for x in COLUMNS:
        height = 50 * len(rows)
        program += (
            f"{x} {top} m {x} {top - height} l S\n"
            if stroked
            else f"{x} {top - height} 0.5 {height} re f\n"
        )
    for i, row in enumerate(rows):
        for x, cell in zip(COLUMNS, row, strict=False):
            for k, part in enumerate(cell.split("/")):
                program += shown(x + 3, top - 50 * i - 14 - 12 * k, part)
    return program


ROWS = [
    ["序号", "重点任务", "牵头单位", "完成时限"],
    ["1", "建设城市级智能算力中/心并开放", "市数据局/市科技局", "2026年"],
    ["2", "", "市工业和信息化局", "2027年"],
]


@pytest.mark.parametrize("stroked", [False, True], ids=["thin-boxes", "lines"])
def test_a_ruled_table_is_read_by_its_rules(stroked: bool):
    """A line that fills its cell goes on in the next, a short one does not."""
    letters = "附件任务分工表后文说明。" + "".join(map("".join, ROWS))
    above, below = shown(60, 760, "附件任务分工表"), shown(60, 500, "后文说明。")
    program = below + table(ROWS, 740, stroked=stroked) + above
    assert lines(drawn([program], letters)) == [
        "附件任务分工表",
        "序号\t重点任务\t牵头单位\t完成时限",
        "1\t建设城市级智能算力中心并开放\t市数据局 市科技局\t2026年",
        "2\t〃\t市工业和信息化局\t2027年",
        "后文说明。",
    ]


def test_a_table_over_three_pages_keeps_the_header_that_each_page_repeats():
    pages = [[ROWS[0], [str(i), "任务" + "甲乙丙"[i], "市数据局", "2026年"]] for i in range(3)]
    letters = "".join("".join(row) for page in pages for row in page)
    found = lines(drawn([table(page, 780) for page in pages], letters))
    assert found[::2] == ["序号\t重点任务\t牵头单位\t完成时限"] * 3
    assert found[1::2] == [f"{i}\t任务{c}\t市数据局\t2026年" for i, c in enumerate("甲乙丙")]


def test_a_frame_around_text_is_no_table():
    program = (
        "50 50 500 750 re S 55 55 490 740 re S\n" + shown(60, 700, FULL) + shown(60, 680, "说明。")
    )
    assert lines(drawn([program], FULL + "说明。")) == [FULL + "说明。"]


def test_an_indented_line_begins_a_paragraph_though_the_one_before_is_full():
    """With indents known, a full line that ends a sentence goes on where the next is not indented."""
    whole = FULL[:-1] + "。"
    rows = [(84, FULL[:26]), (60, whole), (60, whole), (84, "平台建成后向社会开放"), (60, "说明")]
    program = "".join(shown(x, 760 - 20 * i, line) for i, (x, line) in enumerate(rows))
    found = lines(drawn([program], "".join(line for _, line in rows)))
    assert found == ["　　" + FULL[:26] + whole + whole, "　　平台建成后向社会开放", "说明"]


def test_radicals_that_fonts_name_in_place_of_characters_are_put_right():
    assert lines(pdf([["云泽市⼈⺠政府办公室", "⼀、⾏动⽅案的总体要求"]])) == [
        "云泽市人民政府办公室",
        "一、行动方案的总体要求",
    ]


def test_blanks_beside_numbers_go_but_for_the_one_behind_an_ordinal():
    told = ["1 总体要求", "到 2027 年建成应用场景 20 个以上"]
    assert lines(pdf([told])) == ["1 总体要求", "到2027年建成应用场景20个以上"]


def test_units_on_lines_of_their_own_in_a_narrow_cell_stay_apart():
    pieces = [Piece("市数据局", 3, 30, 10), Piece("市科技局", 3, 18, 10), Piece("和人社", 3, 6, 10)]
    assert paragraph(pieces, room=50) == ["市数据局", "市科技局和人社"]


def test_a_pdf_of_too_many_pages_is_refused_not_cut_short(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "_PAGES", 2)
    error = refused(pdf(PAGES))
    assert error.code == "QH127"
    assert "found 3 pages, expected at most 2" in error.message


def test_marks_of_another_font_drawn_first_into_a_gap_stand_in_the_gap():
    """Two marks of 5.3 points in one go, a gap of four ems between them, before their runs."""
    marks = "1 0 0 1 84 700 Tm [<201C> -4000 <201D>] TJ\n"
    program = f"BT /F 12 Tf {marks}ET\n" + shown(60, 700, "推进") + shown(89.3, 700, "百模千态")
    found = lines(
        drawn([program + shown(142.6, 700, "专项行动方案。")], "“”推进百模千态专项行动方案。")
    )
    assert found == ["推进“百模千态”专项行动方案。"]


def test_signs_drawn_each_in_a_font_of_its_own_keep_their_order():
    # As browsers print: the pen's place is told for some, the rest follow by their width.
    text = "研究起草了浙江省行动计划"
    moves = ["1 0 0 1 60 780 Tm", "", "", "36 0 Td", "", "24 0 Td", "12 0 Td"]
    moves += ["", "", "", "48 0 Td", "12 0 Td"]
    shown = [
        f"/F 12 Tf {move} <{sign.encode('utf-16-be').hex()}> Tj"
        for move, sign in zip(moves, text, strict=True)
    ]
    assert lines(drawn(["BT " + "\n".join(shown) + " ET"], text)) == [text]
