"""DOCX files made part by part: numbers that Word prints, tables, what is not in the text."""

from __future__ import annotations

import io
import zipfile

import pytest

from qianhang.core.errors import ContractError
from qianhang.plan.reading import package
from qianhang.plan.reading.files import text_from
from qianhang.plan.reading.numbering import chinese

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(body: str, **parts: str) -> bytes:
    """A document whose body is this XML; numbering and styles where given."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        head = "<?xml version='1.0' encoding='UTF-8'?>"
        made.writestr(
            "word/document.xml",
            f"{head}<w:document xmlns:w='{W}'><w:body>{body}</w:body></w:document>",
        )
        for name, inner in parts.items():
            made.writestr(f"word/{name}.xml", f"{head}<w:{name} xmlns:w='{W}'>{inner}</w:{name}>")
    return held.getvalue()


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def numbered(text: str, level: int, number: int = 1) -> str:
    return p(text, f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr>")


def level(index: int, kind: str, pattern: str, extra: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{index}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>{extra}"
        f"<w:lvlText w:val='{pattern}'/></w:lvl>"
    )


LEVELS = (
    level(0, "chineseCounting", "%1、")
    + level(1, "chineseCountingThousand", "（%2）")
    + level(2, "decimal", "%3.")
    + level(3, "decimalEnclosedCircle", "%4")
    + level(4, "bullet", "\uf0b7")
)
NUMBERING = (
    f"<w:abstractNum w:abstractNumId='7'>{LEVELS}</w:abstractNum>"
    "<w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num>"
    "<w:num w:numId='2'><w:abstractNumId w:val='7'/>"
    "<w:lvlOverride w:ilvl='2'><w:startOverride w:val='1'/></w:lvlOverride></w:num>"
)


def lines(data: bytes) -> list[str]:
    source = text_from(data, name="plan.docx")
    assert source.media.endswith("wordprocessingml.document")
    return source.text.splitlines()


def test_automatic_numbers_are_printed_as_word_prints_them():
    body = (
        numbered("总体要求", 0) + numbered("目标", 1) + numbered("甲", 2) + numbered("乙", 2)
        + numbered("原则", 1) + numbered("丙", 2) + numbered("重点任务", 0) + numbered("算力", 1)
        + numbered("圈", 3) + numbered("点", 4) + p("（责任单位：市科技局）")
    )  # fmt: skip
    assert lines(docx(body, numbering=NUMBERING)) == [
        "一、总体要求", "（一）目标", "1. 甲", "2. 乙", "（二）原则", "1. 丙", "二、重点任务", "（一）算力",
        "① 圈", "点", "（责任单位：市科技局）",
    ]  # fmt: skip


def test_a_second_list_of_the_same_definition_starts_again_only_where_it_says_so():
    body = numbered("甲", 2) + numbered("乙", 2) + numbered("丙", 2, 2) + numbered("丁", 2, 2)
    assert lines(docx(body, numbering=NUMBERING)) == ["1. 甲", "2. 乙", "1. 丙", "2. 丁"]


def test_numbers_come_from_a_style_and_the_styles_it_is_based_on():
    styles = (
        "<w:style w:styleId='H'><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
        "<w:style w:styleId='H2'><w:basedOn w:val='H'/></w:style>"
    )
    body = (
        p("甲", "<w:pStyle w:val='H'/>")
        + p("乙", "<w:pStyle w:val='H2'/>")
        + p("丙", "<w:pStyle w:val='H2'/><w:numPr><w:numId w:val='0'/></w:numPr>")
    )
    assert lines(docx(body, numbering=NUMBERING, styles=styles)) == ["一、甲", "二、乙", "丙"]


def test_chapters_and_decimal_paths_are_filled_in():
    levels = level(0, "japaneseCounting", "第%1章") + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    numbering = (
        f"<w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>"
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
    )
    body = numbered("总则", 0) + numbered("甲", 1) + numbered("乙", 1)
    assert lines(docx(body, numbering=numbering)) == ["第一章 总则", "1.1 甲", "1.2 乙"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (35, "三十五"),
        (101, "一百零一"),
        (110, "一百一十"),
    ],
)
def test_chinese_numbers_are_those_of_headings(count: int, text: str):
    assert chinese(count) == text


def test_deleted_moved_hidden_boxed_and_noted_text_is_left_out_and_inserted_kept():
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = (
        "<w:p>"
        + run.format("留")
        + f"<w:del>{run.format('删')}</w:del><w:ins>{run.format('增')}</w:ins>"
        f"<w:moveFrom>{run.format('移')}</w:moveFrom>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>"
        f"<w:r><w:pict><w:txbxContent>{p('框')}</w:txbxContent></w:pict></w:r>"
        "<w:r><w:footnoteReference w:id='1'/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
        f"<w:hyperlink>{run.format('链')}</w:hyperlink></w:p>"
    )
    assert lines(docx(body)) == ["留增链"]


def test_the_table_of_contents_is_left_out():
    contents = (
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        f"</w:sdtPr><w:sdtContent>{p('一、总体要求 1')}</w:sdtContent></w:sdt>"
    )
    body = (
        contents
        + p("二、任务 3", "<w:pStyle w:val='TOC1'/>")
        + f"<w:sdt><w:sdtContent>{p('正文')}</w:sdtContent></w:sdt>"
    )
    assert lines(docx(body)) == ["正文"]


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def test_tables_are_rows_with_tabs_and_merged_cells_are_marked():
    rows = (
        "<w:tr>" + cell("序号") + cell("任务") + cell("单位", "<w:gridSpan w:val='2'/>") + "</w:tr>"
        "<w:tr>"
        + cell("1")
        + cell("甲", "<w:vMerge w:val='restart'/>")
        + cell("乙")
        + cell("丙")
        + "</w:tr>"
        "<w:tr>" + cell("2") + cell("", "<w:vMerge/>") + cell("丁") + cell("") + "</w:tr>"
    )
    assert lines(docx(p("前") + f"<w:tbl>{rows}</w:tbl>" + p("后"))) == [
        "前", "序号\t任务\t单位", "1\t甲\t乙\t丙", "2\t〃\t丁", "后",
    ]  # fmt: skip


def test_a_table_of_one_cell_is_plain_text():
    assert lines(docx(f"<w:tbl><w:tr>{cell('云泽市文件')}</w:tr></w:tbl>")) == ["云泽市文件"]


def refused(data: bytes) -> ContractError:
    with pytest.raises(ContractError) as caught:
        text_from(data, name="plan.docx")
    assert "\n" not in caught.value.message
    return caught.value


def raw(document: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", document)
    return held.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp037"])
def test_entities_are_refused_in_every_encoding(encoding: str):
    """Ten levels of ten would unpack to ten thousand million characters."""
    inner = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    xml = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE x [<!ENTITY e0 'a'>{inner}]><x>&e9;</x>"
    error = refused(raw(xml.encode(encoding)))
    assert error.code == "QH122"
    assert "XML entities in word/document.xml" in error.message


def test_a_part_that_unpacks_to_far_more_than_it_holds_is_refused():
    error = refused(raw(b"<x>" + b"a" * (3 * 2**20) + b"</x>"))
    assert error.code == "QH122"
    assert "found a part word/document.xml of 3 MB packed" in error.message


def test_a_large_part_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package, "PART_LIMIT", 1000)
    assert refused(docx(p("甲" * 2000))).code == "QH122"


def test_elements_nested_beyond_reason_are_refused():
    error = refused(raw(b"<x>" * 5000 + b"</x>" * 5000))
    assert error.code == "QH118"
    assert "nested more than 250 deep" in error.message


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"<w:document", "QH118"),
        (b"<x/>", "QH118"),
        (f"<w:document xmlns:w='{W}'><w:body/></w:document>".encode(), "QH128"),
    ],
    ids=["cut", "foreign", "blank"],
)
def test_damaged_foreign_and_blank_documents_are_named(document: bytes, code: str):
    assert refused(raw(document)).code == code


def test_a_flipped_byte_in_a_part_is_found():
    data = bytearray(docx(p("云泽市人工智能行动计划" * 30)))
    place = data.index(b"word/document.xml") + 60
    data[place] ^= 0xFF
    assert refused(bytes(data)).code == "QH118"
