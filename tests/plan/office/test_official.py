"""The DOCX: opened again by another library, in the measures of the standard."""

import io
import zipfile

import pytest

from qianhang.plan.office.official import AREA, CHARACTERS, LINES, MARGINS, TIGHTER, docx
from qianhang.plan.office.page import html
from qianhang.plan.office.paper import Annex, Grid, Heading, Paper, Paragraph, chinese
from qianhang.plan.office.plain import plain, width

docx_library = pytest.importorskip("docx")

GRID = Grid(("单位", "数"), (("甲局", "1"), ("乙局", "22")), shares=(3, 1), right=(1,))
PAPER = Paper(
    title="关于进展情况的通报",
    blocks=(
        Paragraph("现将情况通报如下。"),
        Heading("总体情况"),
        Heading("分类", 2),
        Paragraph("正文" * 40),
        GRID,
        Heading("下一步"),
    ),
    annexes=(Annex("读数表", (GRID,)), Annex("构成表", (Paragraph("无"),))),
    issuer="云港市行动办公室",
    number="云行办〔2026〕3号",
    to="各县区人民政府",
    signature="云港市行动办公室",
    date="2026年10月8日",
)


def opened(paper=PAPER):
    return docx_library.Document(io.BytesIO(docx(paper)))


def fonts(paragraph):
    name = paragraph.runs[0]._r.rPr.rFonts
    return name.get("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia")


def found(document, text):
    return next(p for p in document.paragraphs if p.text == text)


def test_page_and_margins_are_those_of_the_standard():
    """A4, head 37, gutter 28, and so a type area of 156 mm x 225 mm."""
    section = opened().sections[0]
    measured = {
        "page": (section.page_width.mm, section.page_height.mm),
        "top": section.top_margin.mm,
        "left": section.left_margin.mm,
        "right": section.right_margin.mm,
        "bottom": section.bottom_margin.mm,
    }
    assert measured["page"] == pytest.approx((210, 297), abs=0.1)
    wanted = {"top": 37, "left": 28, "right": 26, "bottom": 35}
    for side, mm in wanted.items():
        assert measured[side] == pytest.approx(mm, abs=0.1), side
    assert AREA[0] / 56.6929 == pytest.approx(156, abs=0.2)
    assert AREA[1] / 56.6929 == pytest.approx(225, abs=0.2)
    assert MARGINS["left"] > MARGINS["right"]


def test_a_page_takes_22_lines_of_28_characters():
    """Size 3 is 16 pt = 320 twentieths of a point."""
    line = 320 + TIGHTER
    assert AREA[0] // line == CHARACTERS == 28
    pitch = AREA[1] // LINES
    assert AREA[1] // pitch == 22
    grid = docx(PAPER).decode("utf8", "ignore")
    assert f'<w:docGrid w:type="lines" w:linePitch="{pitch}"/>' in grid


def test_body_headings_and_title_have_their_fonts_and_sizes():
    document = opened()
    title = found(document, PAPER.title)
    assert (fonts(title), title.runs[0].font.size.pt) == ("方正小标宋简体", 22)
    assert fonts(found(document, "一、总体情况")) == "黑体"
    assert fonts(found(document, "（一）分类")) == "楷体_GB2312"
    body = found(document, "现将情况通报如下。")
    assert (fonts(body), body.runs[0].font.size.pt) == ("仿宋_GB2312", 16)


def test_paragraphs_begin_two_characters_in():
    indent = found(opened(), "现将情况通报如下。")._p.pPr.ind
    space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    assert indent.get(f"{space}firstLineChars") == "200"
    assert indent.get(f"{space}firstLine") == "640"


def test_everything_stands_in_its_order():
    texts = [p.text for p in opened().paragraphs if p.text]
    wanted = [
        "云港市行动办公室", "云行办〔2026〕3号", "关于进展情况的通报", "各县区人民政府：",
        "现将情况通报如下。", "一、总体情况", "（一）分类", "正文" * 40, "二、下一步",
        "附件：1. 读数表", "2. 构成表", "云港市行动办公室", "2026年10月8日", "附件1", "读数表",
        "附件2", "构成表", "无",
    ]  # fmt: skip
    assert texts == wanted


def test_the_red_head_is_optional():
    bare = Paper("通报", (Paragraph("正文"),))
    body = docx(bare).decode("utf8", "ignore")
    assert "FF0000" not in body
    assert "FF0000" in docx(PAPER).decode("utf8", "ignore")
    assert [p.text for p in opened(bare).paragraphs if p.text] == ["通报", "正文"]


def test_tables_keep_their_cells_and_repeat_their_heads():
    tables = opened().tables
    assert [[c.text for c in row.cells] for row in tables[0].rows] == [
        ["单位", "数"],
        ["甲局", "1"],
        ["乙局", "22"],
    ]
    assert len(tables) == 2
    assert "tblHeader" in tables[0].rows[0]._tr.xml


def test_page_numbers_stand_outside_on_odd_and_even_pages():
    section = opened().sections[0]
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    assert (odd._p.pPr.jc.val, even._p.pPr.jc.val) == (2, 0)
    for paragraph in (odd, even):
        assert " PAGE " in paragraph._p.xml
        assert paragraph.text.startswith("— ")
        assert paragraph.text.endswith(" —")
    assert opened().settings.odd_and_even_pages_header_footer


def test_the_file_holds_no_clock_and_is_the_same_twice():
    first = docx(PAPER)
    assert first == docx(PAPER)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "dcterms" not in archive.read("docProps/core.xml").decode()


def test_text_that_xml_does_not_know_is_left_out():
    paper = Paper("标题\x00\x0b<&>", (Paragraph("\ud800正文"),))
    assert [p.text for p in opened(paper).paragraphs if p.text] == ["标题<&>", "正文"]


@pytest.mark.parametrize(
    ("number", "shown"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")]
)
def test_parts_are_numbered_in_chinese(number, shown):
    assert chinese(number) == shown


def test_columns_of_plain_text_line_up():
    lines = [line for line in plain(PAPER).splitlines() if line.startswith(("甲局", "乙局"))]
    assert len({width(line) for line in lines}) == 1


def test_the_page_holds_the_same_words_as_the_file():
    page = html(PAPER)
    for paragraph in opened().paragraphs:
        for word in paragraph.text.split():
            assert word in page
