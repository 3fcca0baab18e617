"""Web pages: what a reader sees, line by line; tables as rows with tabs."""

from __future__ import annotations

import pytest

from qianhang.core.errors import ContractError
from qianhang.plan.reading.files import text_from

HEADER = "<tr><th>序号</th><th>重点任务</th><th>牵头单位</th><th>完成时限</th></tr>"


def lines(html: str, *, encoding: str = "utf-8", name: str = "plan.html") -> list[str]:
    source = text_from(html.encode(encoding), name=name)
    assert source.media == "text/html"
    return source.text.splitlines()


def test_blocks_become_lines_and_inline_marks_do_not():
    html = "<html><body><h1>云泽市行动计划</h1><p>一、<b>总体</b>要求</p><div>到<span>2027</span>年<br>建成</div>"
    assert lines(html) == ["云泽市行动计划", "一、总体要求", "到2027年", "建成"]


def test_scripts_styles_menus_and_hidden_parts_are_left_out():
    html = """<html><head><title>网站</title><style>p{}</style></head><body>
    <nav><a>首页</a></nav><script>var a = "<p>假</p>";</script>
    <div style="DISPLAY : none"><p>隐藏</p></div><p hidden>也隐藏</p><noscript>请开启脚本</noscript>
    <select><option>省</option></select><p>正文</p><footer>备案号</footer></body></html>"""
    assert lines(html) == ["正文"]


def test_entities_and_numbers_of_characters_are_read():
    assert lines("<p>&ldquo;人工智能&#43;&rdquo;&nbsp;A&amp;B &#x6570;&#23383;</p>") == [
        "“人工智能+”\xa0A&B 数字"
    ]


def test_a_line_break_of_the_source_is_no_blank_between_chinese_characters():
    assert lines("<p>推动人工\n      智能应用 AI\n plus</p>") == ["推动人工智能应用 AI plus"]


def test_a_table_keeps_its_rows_with_tabs_and_its_breaks_as_blanks():
    html = f"<table>{HEADER}<tr><td>1</td><td><p>建设</p><p>平台</p></td><td>市科技局<br/>市教育局</td><td>2026年</td></tr></table>"
    assert lines(html) == [
        "序号\t重点任务\t牵头单位\t完成时限",
        "1\t建设 平台\t市科技局 市教育局\t2026年",
    ]


def test_a_cell_that_reaches_down_leaves_a_ditto_and_one_across_leaves_blanks():
    html = f"""<table>{HEADER}
    <tr><td>1<td rowspan=2>建平台<td>市科技局<td rowspan="2">2026年
    <tr><td>2<td>市教育局
    <tr><td colspan=2>合计</td><td>两家</td><td>-</td></tr></table>"""
    assert lines(html)[1:] == [
        "1\t建平台\t市科技局\t2026年",
        "2\t〃\t市教育局\t〃",
        "合计\t\t两家\t-",
    ]


def test_a_page_laid_out_in_tables_is_read_as_paragraphs():
    inner = f"<table>{HEADER}<tr><td>1</td><td>甲</td><td>乙</td><td>丙</td></tr></table>"
    html = (
        f"<table><tr><td><p>一、总体要求</p>{inner}<p>二、任务</p></td><td>栏目</td></tr></table>"
    )
    assert lines(html) == [
        "一、总体要求",
        "序号\t重点任务\t牵头单位\t完成时限",
        "1\t甲\t乙\t丙",
        "二、任务",
        "栏目",
    ]


def test_a_table_cell_of_a_whole_page_is_no_row():
    html = f"<table><tr><td>左</td><td><p>{'人工智能' * 400}。</p><p>后段</p></td></tr><tr><td>甲</td><td>乙</td></tr></table>"
    assert lines(html)[0] == "左"
    assert lines(html)[2] == "后段"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "big5"])
def test_the_declared_encoding_is_used_and_a_wrong_one_is_seen_through(encoding: str):
    told = "推动人工智能与各行各业深度融合,建设公共平台,培育专业人才。"
    told = "推動人工智慧與產業融合,建設公共平臺,培育專業人才。" if encoding == "big5" else told
    for charset in (encoding, "gb2312", "utf-8", "iso-8859-1", ""):
        html = f'<html><head><meta charset="{charset}"></head><body><p>{told}</p></body></html>'
        assert lines(html, encoding=encoding) == [told]


def test_unclosed_elements_lose_nothing():
    html = "<body><div><p>甲<p>乙<ul><li>丙<li>丁</ul><table><tr><td>戊<td>己<tr><td>庚<td>辛"
    assert lines(html) == ["甲", "乙", "丙", "丁", "戊\t己", "庚\t辛"]


def test_elements_nested_without_end_are_read():
    assert lines("<html><body>" + "<div>" * 20_000 + "甲" + "</div>" * 20_000 + "<p>乙</p>") == [
        "甲",
        "乙",
    ]


def test_a_page_without_text_says_so():
    with pytest.raises(ContractError, match=r"plan\.html: found a page without text") as caught:
        lines("<html><body><script>load()</script><div id=app></div></body></html>")
    assert caught.value.code == "QH128"


def test_html_is_known_by_its_content_whatever_its_name():
    assert lines("<!DOCTYPE html><html><body><p>甲</p></body></html>", name="plan.txt") == ["甲"]


def test_numbers_that_the_browser_prints_before_items_are_read():
    html = """<ol start="3"><li><p>甲</p><p>乙</p></li><li>丙<ul><li>丁</li></ul></li></ol>
    <ol style="list-style-type:none"><li>戊</li></ol><ol style="list-style: cjk-ideographic"><li>己</li></ol>"""
    assert lines(html) == ["3. 甲", "乙", "4. 丙", "丁", "戊", "一、己"]
