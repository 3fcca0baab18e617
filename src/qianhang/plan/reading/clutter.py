"""Where the document proper begins and ends in a page, an export or a letter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set

from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.ordinals import Line, Ordinal, lines, ordinal
from qianhang.plan.reading.unnumbered import contents

__all__ = ["body", "dated", "named_titles", "plain", "title_like"]

_KINDS = (
    "行动计划|行动方案|实施方案|工作方案|实施意见|指导意见|若干意见|意见|规划纲要|规划|纲要|工作要点|要点"
    "|若干措施|若干政策|政策措施|措施|方案|计划|管理办法|办法|条例|实施细则|细则|任务清单|清单|工作安排"
    "|任务分工|分工方案|任务分解|台账|指南|指引|路线图|白皮书|通知|公告|通告|决定|函|报告|预案|政策|举措"
)
_TAIL = r"(?:\s*[(\[〔][^()\[\]〔〕]{1,30}[)\]〕])*"
_TITLE = re.compile(
    rf"[^。;!?]*(?:{_KINDS})[》]?{_TAIL}\s*(?:\S{{1,8}}[〔\[(]20\d\d[〕\])]\s?\d+\s?号)?$"
)
_OFFICE = re.compile(r"(?:人民政府(?:办公[厅室])?|委员会|厅|局)$")
_OPENS = re.compile(
    r"关于|[省市县区州盟旗].*(?:推|促|加快|深入|支持|开展|发展|实施|建设|创新|人工智能|行动)"
)
# A title of this length is no menu entry.
_LONG = 10
_NAMED = re.compile(rf"《([^《》]{{4,60}}(?:{_KINDS}){_TAIL})》")
_LETTER = re.compile(r"印发|征求意见|发布|转发|现将|通过|公布|下发")
_NOISE = re.compile(r"[\s“”\"'‘’《》「」*#—―–-]|\(征求意见稿\)|\(草案\)|\(送审稿\)|\(试行\)")
_DATE = re.compile(
    r"(?:(?P<o>[一-龥]{2,25}(?:政府|办公[厅室]|委员会|[厅局委部]))\s*)?"
    r"(?:20\d\d|二[〇零○O0][一二三四五六七八九〇零○十]{2})\s?年\s?\S{1,2}\s?月\s?\S{1,3}\s?日(?:印发)?$"
)
_FULL_TEXT = re.compile(
    r"(?:政策|文件|方案|通知|内容|计划|意见|原文|规划|公告|办法)?(?:全文|正文|原文)(?:如下)?:?$"
)
_ANNEX = re.compile(r"附\s?(?:件|表|录)")
# A line that opens with one of these, or holds one of the first, is no longer the text.
_ANYWHERE = "ICP备|网安备|版权所有|[Cc]opyright|©|网站标识码|备案(?:序)?号|浏览次数|扫一扫|字体大小"
_OPENINGS = (
    "相关(?:链接|文档|附件|新闻|阅读|稿件|信息|词条|政策|解读|文章|推荐|资讯|报道|下载)",
    r"上一[篇条页]|下一[篇条页]|(?:分享|转发|收藏|打印|关闭)(?:到|本页|窗口|此页|[:\s]|$)",
    "责任编辑|责编|编辑:|校对:|审核:|初审:|作者:|来源:|原标题|标签:|关键词:|[Tt]ags|[Pp]ublished|[Pp]osted",
    "网站(?:地图|声明|首页|导航|说明)|设为首页|加入收藏|主办(?:单位)?:|承办(?:单位)?:|技术支持",
    "联系(?:我们|人|电话|方式)|(?:咨询|举报|服务|监督)?电话:|传真:|地址:|通信地址|邮(?:政)?编(?:码)?:",
    "(?:电子)?邮箱:|热门|热点|猜你喜欢|推荐(?:阅读|文章)|参考(?:资料|文献)|词条(?:标签|统计)",
    "返回(?:顶部|首页|列表)|友情链接|免责声明|声明:|本文(?:来源|转自|链接|来自)|阅读(?:全文|原文|量)",
    "点击(?:下载|查看|阅读)|资料获取|抄送:|附件下载|下载(?:附件|地址|全文)|关注(?:我们|公众号)",
    "微信(?:公众号|扫码)|长按|二维码|公开方式|评论|发表评论|登录|注册|==",
    "(?:内容|政策|文件|相关)?解读$|(?:重要|主要|发布)?意义$|[^。]{0,60}(?:起草|编制|修订|解读)(?:说明|稿)$",
)
_FOOTER = re.compile(rf"[【\[(]?(?:.*(?:{_ANYWHERE})|(?:{'|'.join(_OPENINGS)}))")
_BRACKETS = re.compile(r"\([^()]*\)")
# A title repeated further down than this share of the text is no beginning.
_LATEST = 0.7
_PROSE = re.compile(r"[。!?;:)》”\"]$")
_ANSWERS = re.compile(
    r".*(?:责任|牵头|配合|参与|承办|协办)(?:单位|部门)?|.*[局委厅办会]$|[(\[【]|\d+[、.]"
)
_TOP = ("part", "chapter", "section", "article", "cjk", "cjk_round")


def body(folded: Folded) -> tuple[int, int]:
    """The folded offsets between which the plan itself stands, its title included."""
    rows = list(lines(folded.text, 0, len(folded.text)))
    if not rows:
        return 0, 0
    marks = {i: m for i, m in enumerate(_marks(folded, rows)) if m and m.style in _TOP}
    first = _first(folded, rows, marks)
    last = _last(rows, {i: m for i, m in marks.items() if i >= first}, first)
    return rows[first].start, rows[last].end


def _marks(folded: Folded, rows: Sequence[Line]) -> Iterator[Ordinal | None]:
    return (ordinal(folded, row.start, row.end) for row in rows)


def _first(folded: Folded, rows: Sequence[Line], marks: Mapping[int, Ordinal]) -> int:
    """The line of the plan's own title, behind the menus and the letter that sends it."""
    heads = sorted(marks)
    for i, row in enumerate(rows[: heads[-1]] if heads else ()):
        if _FULL_TEXT.match(row.text):
            return i + 1
    if contents(rows)[0] and not any(mark.style == "cjk" for mark in marks.values()):
        return 0
    for found in (_repeated(rows, heads), _annexed(rows, heads)):
        if found is not None:
            return found
    return _titled(folded, rows, heads[0] if heads else len(rows))


def _annexed(rows: Sequence[Line], heads: Sequence[int]) -> int | None:
    """The title of an annex that holds more of a plan than the letter before it."""
    for i, row in enumerate(rows):
        if len(row.text) > 6 or not _ANNEX.match(row.text):
            continue
        near = (j for j in range(i + 1, min(i + 4, len(rows))) if title_like(rows[j].text))
        title = next(near, None)
        before = bisect_right(heads, i)
        if title is not None and len(heads) - before > before:
            return _title_start(rows, title, i + 1)
    return None


def _titled(folded: Folded, rows: Sequence[Line], limit: int) -> int:
    """The last line before the first heading that begins a title, a long one before a short."""
    titles: list[tuple[int, int]] = []
    for i, row in enumerate(rows[:limit]):
        if "\t" in row.text or ordinal(folded, row.start, row.end):
            continue
        joined = row.text + (rows[i + 1].text if i + 1 < limit and _unended(row.text) else "")
        like = next((t for t in (row.text, joined) if title_like(t)), "")
        if like:
            titles.append((i, len(like)))
    long = [i for i, length in titles if length >= _LONG]
    for found in (long, [i for i, _ in titles]):
        if found:
            return _title_start(rows, found[-1])
    return 0


def _title_start(rows: Sequence[Line], at: int, floor: int = 0) -> int:
    """The first line of a title that runs over several lines."""
    while at > floor and _opens_title(rows[at - 1].text, rows[at].text):
        at -= 1
    return at


def _opens_title(text: str, following: str) -> bool:
    """Whether a line is the beginning of a title that goes on in the next."""
    if not _unended(text) or title_like(text):
        return False
    office = _OFFICE.search(text) is not None
    return following.startswith("关于") if office else _OPENS.search(text) is not None


def _unended(text: str) -> bool:
    return 6 <= len(text) <= 45 and not re.search(r"[。;:,!?>|]|\)$", text)


def title_like(text: str) -> bool:
    """Whether a line reads as the title of an official document."""
    if len(text) < 6 or len(text) > 90 or _ANNEX.match(text) or text.count(",") > 1:
        return False
    if re.search(r"[>|›»]|首页|^(?:标题|名称|索引|来源|发布)", text):
        return False
    return bool(_TITLE.match(text))


def named_titles(text: str) -> Iterator[str]:
    """The documents that a text names in 《》, where they are sent, published or adopted."""
    for found in _NAMED.finditer(text):
        around = text[max(0, found.start() - 60) : found.end() + 60]
        if _LETTER.search(around):
            yield found[1]


def plain(title: str) -> str:
    """A title without spaces, quotes, dashes and the mark of a draft, for comparing."""
    return _NOISE.sub("", title)


def _repeated(rows: Sequence[Line], heads: Sequence[int]) -> int | None:
    """The last line, with headings under it, that repeats a title which the letter named."""
    named = {plain(t) for row in rows[:80] for t in named_titles(row.text)}
    whole = plain("".join(row.text for row in rows[:12]))
    sent = re.search(rf"关于印发(.{{4,60}}?(?:{_KINDS})(?:\([^()]*\))?)的通知", whole)
    if sent:
        named.add(plain(sent[1]))
    bare = named | {_BRACKETS.sub("", name) for name in named}
    found = None
    for i, row in enumerate(rows[: heads[-1]] if named and heads else ()):
        if row.end > _LATEST * rows[-1].end:
            break
        if any(_names(rows[i : i + much], bare) for much in (1, 2, 3)):
            found = i
    return found


def _names(rows: Sequence[Line], named: Set[str]) -> bool:
    """Whether lines together are one of the titles, the years in brackets aside."""
    text = "".join(row.text for row in rows)
    if len(text) > 120:
        return False
    text = plain(text)
    return text in named or (len(text) > 6 and _BRACKETS.sub("", text) in named)


def dated(text: str) -> bool:
    """Whether a line is a date and nothing else, the office that signs aside."""
    return bool(_DATE.match(text))


def _last(rows: Sequence[Line], marks: Mapping[int, Ordinal], first: int) -> int:
    """The last line that belongs to the text, a signature with its date included."""
    heads = sorted(marks)
    outer = [i for i in heads if marks[i].style in ("part", "chapter", "cjk")] or heads
    end = len(rows) - 1
    for i in range((heads[0] if heads else first) + 1, len(rows)):
        signed = dated(rows[i].text) and not _annex_near(rows[i + 1 : i + 6])
        # Without headings the office and the date may stand under the title, before a table.
        if signed and not heads and any("\t" in row.text for row in rows[i + 1 :]):
            continue
        if not signed and not _FOOTER.match(rows[i].text) and not _other(rows, i, heads):
            continue
        later = bisect_right(outer, i)
        # Headings behind it that begin anew are those of another text.
        if later == len(outer) or marks[outer[later]].number == 1:
            end = i if signed else i - 1
            break
    floor = max((h for h in heads if h <= end), default=first)
    while end > floor and not _belongs(rows[end].text):
        end -= 1
    return end


def _other(rows: Sequence[Line], at: int, heads: Sequence[int]) -> bool:
    """Whether a line is the title of another text, not of an annex nor, after contents, its own."""
    if not heads or at >= heads[-1] or not title_like(rows[at].text) or at in heads:
        return False
    most = 2 * rows[at].start >= rows[heads[0]].start + rows[-1].end
    return most and not _annex_near(rows[max(0, at - 3) : at])


def _annex_near(rows: Sequence[Line]) -> bool:
    return any(_ANNEX.match(row.text) for row in rows)


def _belongs(text: str) -> bool:
    return (
        bool(_PROSE.search(text))
        or dated(text)
        or "\t" in text
        or len(text) > 60
        or bool(_ANSWERS.match(text))
    )
