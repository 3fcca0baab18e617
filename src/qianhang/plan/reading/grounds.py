"""Why a quantity in a plan is not a target: a name, the past, an incentive, a count of chapters."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from qianhang.plan.reading.amounts import Amount
from qianhang.plan.reading.asides import budgeted, foretold
from qianhang.plan.reading.deadlines import Year, within
from qianhang.plan.reading.lexicon import either
from qianhang.plan.reading.verbs import (
    PAST_CUE,
    PURSUE,
    SPELT_STRUCTURE,
    STRUCTURE,
    VERBS,
    before_noun,
)

__all__ = ["REGION", "Setting", "aims", "refusal", "setting", "told_only", "told_past", "urged"]

_STOP = re.compile(r"[。;!?\n\t]")
_PAUSE = re.compile(r"[,:。;!?\n\t]")
_AIM = re.compile(
    r"力争|争取|下一步|今后|接下来|预计|将(?=[^近])|计划(?=[到于建])|确保|目标|到20[2-4]\d|到[“\"]十"
)
_MARKED = r"(?:[(\d一二三四五六七八九十)、.①-⑳—·•■●]|是|其中){0,6}"
_URGE = "加快|推进|推动|加强|强化|鼓励|支持|完善|优化|大力|积极|深入|着力|持续|进一步|全面|每年"
_URGED = re.compile(f"{_MARKED}(?:{_URGE}|下一步|今后)")
_DO = re.compile(f"{_MARKED}(?:{_URGE}|{either(VERBS)})")
# How far around an amount words are looked at, in characters and in amounts.
_REACH = 400
_NEAR = 12
# How long a row of names before a number may be, and which sorts it may sum up.
_ROW = 60
_SORT = re.compile(r"[^,。]{0,6}(?:产业|行业|领域|赛道|品牌|终端|环节)(?!园|集群|基地|链)")
# Where nothing dates a sentence these tell of the past.
_COUNTED = re.compile(r"先后|同比")
_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]{1,24}\"|《[^《》]*》|‘[^‘’]*’")
_PAID = re.compile(
    r"给予|奖励|补助|补贴(?!政策)|奖补|资助|封顶|贴息|减免|奖金|罚款|最高(?!法|水平|层|等级)|一次性|"
    r"发放|[力型料据新费务]券|申领|报销|兑现(?!金额|资金|率|时)|上限|让利|收费|违约金|租金|税率|经费(?=不超过)|额度(?=不超过)|工资|不再补|免费|择优支持|配套支持|倾斜支持"
)
# What a bank lends is no grant.
_LENT = re.compile(r"发放(?=[^,。;]{0,14}贷)")
_GRANTED = re.compile(r",(?:[^,。;]{0,12}?)(?:给予|奖励|按|予以|可|一次性|补助|补贴|资助)")
_DEFINED = re.compile(r"是指|系指|指的是|定义为")
_ROUTINE = re.compile(r"每[个]?(?:季度|月|周|日|半年|天|旬)|定期|按季|按月|例会|工作日内")
_MEETING = re.compile(
    r"会议|例会|调度|督查|检查|评估|汇报|通报|报送|碰头|联席|会商|体检|信息报|总结"
)
_FASTER = re.compile(
    r"出具时间|候诊|等待时间|停时|缩短|压缩|压减|减少|降|时延|延时|延迟|响应|续航|提速|圈|预见期|提前|时长|算力网|可达|通达|用时|耗时|办结时"
)
_TIMED = re.compile(r"(?:时间|时长|周期|用时|耗时|时效)(?:平均|均|总体|原则上)?$")
_LIST = re.compile(
    r"(?:聚焦|围绕|针对|涵盖|包括|包含|涉及|分为|分成|按照|坚持|突出|抓住|明确|提出|聚力|锚定|抓好|做到|"
    r"立足|从|由|做牢|做优|抓牢|统筹|瞄准|把握|划分为|分|共|以|对|涵括|贯穿|列入|列出|落实|来自)(?:了|好|以下)?$|"
    r"(?:[为向]|面向|来自|覆盖)全[省市国县区]$"
)
_PLACES = re.compile(
    r"^(?:设区|地级|县(?!域|级)|区(?:县|市|\(|、)|乡镇|街道|省级行政|直辖|市州|市\(|盟|部委|省直|市直|国家部委)"
)
_SPELT = frozenset("个家项支名人条座处所套台辆架件种款场次门篇部户批位")
# A share of something is to be reached where nothing but a region stands before it.
REGION = re.compile(r"(?:全[省市县区国域]|我[省市县区])?")
_DATED = re.compile(r"^.*20[2-4]\d年[底末]?前?")
_QUALIFIED = re.compile(
    r"^[^\d,。;、:]{0,16}?(?:企业|园区|项目|公司|工厂|机构|独角兽|县|镇|村|市场主体|单位|家庭|产业链|"
    r"龙头|巨头|商户|农户|集群|基地|平台|车间|产业|区县|中心|设备|锅炉|机组|装置|景区|载体|团队|港区|城市|孵化器|众创空间|厂房|楼宇|农田|场馆)"
)
_GROWTH = re.compile(
    r"^的[^,。;]{0,12}基金|^的?(?:高?速?增长|增速|目标|水平|比例|速度|幅度|占比|份额|市场份额|市场需求|需求|增幅|年均|规模(?!企业|以上)|产值|基金|产业基金|母基金|"
    r"算力|智算|智能算力|存储|能力|投资|贷款|信贷|营收|收入|销售|交易额|产能|带宽|装机|直连|高速)"
)
_TECHNICAL = re.compile(
    r"带宽|直连|链路|速率|端口|接入|算力|智算|存储|容量|传输|网络|光纤|宽带|存力|机组|装机"
)
_REACHED = re.compile(r"达到?|提升|提高|增|降|实现|[超突破逾近约不至最≥≤><控低高小大多少]")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an amount stands in its passage.

    sentence, clause : its bounds; before, after : the clause up to the amount's words of
    comparison, and behind them; others : the other amounts of the clause
    """

    text: str
    amount: Amount
    sentence: tuple[int, int]
    clause: tuple[int, int]
    before: str
    after: str
    others: tuple[Amount, ...]


def setting(text: str, everything: Sequence[Amount], index: int) -> Setting:
    """One of the amounts of a text with the sentence and the clause around it."""
    amount = everything[index]
    sentence = _around(_STOP, text, amount)
    clause = _around(_PAUSE, text, amount)
    near = everything[max(0, index - _NEAR) : index + _NEAR]
    others = tuple(
        a for a in near if a is not amount and clause[0] <= a.start and a.end <= clause[1]
    )
    before, after = text[clause[0] : amount.first], text[amount.last : clause[1]]
    return Setting(text, amount, sentence, clause, before, after, others)


def _around(pattern: re.Pattern[str], text: str, amount: Amount) -> tuple[int, int]:
    start = max(0, amount.first - _REACH)
    for found in pattern.finditer(text, start, amount.first):
        start = found.end()
    stop = pattern.search(text, amount.last, amount.last + _REACH)
    return start, stop.start() if stop else min(len(text), amount.last + _REACH)


def refusal(place: Setting, *, year: Year | None, goal: bool, past: bool) -> str | None:
    """The reason why an amount is no target, None where it is one.

    year : the last deadline or past year before it; goal : whether it stands under a heading of
    targets; past : whether the passage tells what has been reached
    """
    amount = place.amount
    if _DEFINED.search(re.sub(r"\([^()]*\)", "", place.text[slice(*place.sentence)])):
        return "definition"
    if _named(place):
        return "name"
    if place.text[: amount.start].endswith("前") and amount.first >= amount.start:
        return "rank of the past"
    if past or (year is not None and year.role == "past"):
        return "past"
    for reason, rule in _RULES:
        if rule(place):
            return reason
    return None if _pursued(place, year, goal) else "nothing to be reached"


def told_only(text: str, years: Sequence[Year]) -> bool:
    """Whether a passage only reports: a past year in it, no deadline and no aim."""
    roles = {y.role for y in years}
    return "past" in roles and "deadline" not in roles and not _AIM.search(text)


def urged(place: Setting) -> bool:
    """Whether the sentence of an amount calls for something: an aim, or a word of urging."""
    sentence = place.text[place.sentence[0] : place.amount.last]
    return bool(_AIM.search(sentence) or _URGED.match(sentence))


def aims(place: Setting) -> bool:
    """Whether the sentence of an amount sets out to do something."""
    sentence = place.text[place.sentence[0] : place.amount.last]
    return bool(_AIM.search(sentence) or _DO.match(sentence))


@functools.lru_cache(maxsize=2)
def _cues(text: str) -> tuple[tuple[int, int], ...]:
    """Where a passage has words of the past."""
    return tuple(m.span() for m in PAST_CUE.finditer(text))


def told_past(place: Setting, years: Sequence[Year], *, dated: bool) -> bool:
    """Whether the last cue in the sentence before an amount is one of the past.

    dated : whether a deadline or a heading of targets holds, so that 累计 counts up to it
    """
    start, stop = place.sentence[0], place.amount.first
    if not dated:
        floor = max(0, start - _REACH)
        start = max(floor - 1, *(place.text.rfind(c, floor, start) for c in "。!?\n\t")) + 1
        stop = place.clause[1]
    cues = _cues(place.text)
    told = [
        b for _, b in cues[bisect_left(cues, (start,)) : bisect_left(cues, (stop,))] if b <= stop
    ]
    if not dated:
        told += [m.end() for m in _COUNTED.finditer(place.text, start, stop)]
    if not told:
        return bool(re.match(r"^(?:[^,。;]{0,6}的增长|的?(?:历史|新高))", place.after))
    aimed = [m.end() for m in _AIM.finditer(place.text, start, place.amount.first)]
    aimed += [y.end for y in within(years, start, stop) if y.role == "deadline"]
    return max(told) > max(aimed, default=-1)


def _named(place: Setting) -> bool:
    amount = place.amount
    reached = amount.core == "元" and amount.reached and place.after == "级"
    if amount.measured and re.match(r"[一-鿿]{0,6}圈", place.after):
        return True
    if not reached and place.after.startswith(
        ("级", "型", "+", "制", "版", "工程", "杯", "行动", "计划", "代")
    ):
        return True
    if re.match(r"“\d", place.after) or _inside(_QUOTED, place):
        return True
    if amount.core in ("G", "g") and amount.low <= 6 and not amount.scale:
        return True
    if amount.spelt and amount.core == "期":
        return True
    if amount.spelt and amount.core == "元" and not amount.marked:
        return True
    if amount.spelt and ((amount.core not in _SPELT and not amount.measured) or _one(amount)):
        return True
    short = len(amount.core) == 1 and (amount.core.isascii() and amount.core.isalpha())
    if short or amount.core == "兆":
        wide = place.text[max(0, amount.start - 16) : amount.last + 12]
        return not (_TECHNICAL.search(wide) and (amount.marked or (short and amount.core in "PE")))
    return False


def _one(amount: Amount) -> bool:
    """一个 is an article, unless compared (一个以上)."""
    return amount.low == amount.high == 1 and amount.last == amount.end


def _inside(pattern: re.Pattern[str], place: Setting) -> bool:
    low, high = place.amount.start, place.amount.end
    found = pattern.finditer(place.text, place.sentence[0], place.sentence[1])
    return any(m.start() <= low and high <= m.end() for m in found)


def _incentive(place: Setting) -> bool:
    amount = place.amount
    start, stop = place.sentence
    near = place.text[max(start, amount.first - 60) : min(stop, amount.last + 40)]
    opened = place.text.rfind("(", start, amount.first)
    inside = opened >= 0 and ")" not in place.text[opened : amount.first]
    if place.text[place.clause[1] : place.clause[1] + 1] == ")" or inside:
        near = place.text[max(0, amount.first - _REACH) : amount.last + _REACH]
    if not _PAID.search(_LENT.sub("", near)):
        return False
    if amount.core in ("元", "%", "倍", "个百分点", "百分点", "‰", "美元"):
        return True
    if re.search(r"(?:支持|扶持|资助)(?:不超过|不超|最多|至多)?$", place.before):
        return True
    if place.after.endswith("的") and _GRANTED.match(place.text, place.clause[1]):
        return True
    return bool(re.search(r"给予|奖励|补助|资助|补贴", place.before + place.after))


def _routine(place: Setting) -> bool:
    core = place.amount.core
    clause = place.text[slice(*place.clause)]
    if _ROUTINE.search(place.before) or (core in ("次", "期", "场") and _MEETING.search(clause)):
        return True
    if place.amount.scale:
        return False
    if core in ("个工作日", "工作日", "天", "小时", "分钟", "秒", "毫秒", "微秒", "MS", "ms"):
        near = place.text[max(place.sentence[0], place.amount.first - 24) : place.clause[1]]
        timed = place.amount.comparator in ("<", "<=") and _TIMED.search(place.before)
        return not (timed or _FASTER.search(near))
    return core == "岁" and not re.search(r"寿命", place.before)


def _structural(place: Setting) -> bool:
    amount = place.amount
    if amount.measured or amount.comparator != "=":
        return False
    around = place.text[amount.start - 1 : amount.end + 1]
    if around[:1] + around[-1:] == "()":
        return True
    if place.after.startswith(("以上", "左右")):
        return False
    noun = _noun(place.after)
    if amount.spelt and _SORT.match(noun) and _listing(place.before) == amount.low:
        return True
    closes = place.text[place.clause[1] : place.clause[1] + 1] == ":"
    if _LIST.search(place.before) and not re.search(r"示范|试点", noun):
        return True
    if _PLACES.match(noun) or re.search(r"首批|第[一二三四五]批$", place.before[-3:]):
        return True
    if (amount.spelt and len(noun) == 1) or (amount.core == "类" and amount.low < 30):
        return True
    if not noun:
        named = re.split(r"[、和及]", place.before)[-1]
        return amount.spelt and (len(named) < 2 or not PURSUE.search(place.before))
    if amount.spelt and closes:
        return True
    if re.search(r"在|达到|入选|走在|列入|进入", noun[1:]):
        return False
    if not amount.spelt and re.search(r"(?:标杆|示范|应用|样板)[^,。;、]{0,6}工程$", noun):
        return False
    if amount.low < 30 and STRUCTURE.search(noun):
        return True
    return amount.spelt and bool(SPELT_STRUCTURE.search(noun))


def _listing(before: str) -> int:
    """How many things stand in a row right before a number, 0 where a verb does."""
    parts = re.split("[、和与]", before[-_ROW:])
    if not 2 <= len(parts[-1]) <= 12 or PURSUE.match(parts[-1]):
        return 0
    return len(parts)


def _noun(after: str) -> str:
    """What is counted, up to the next pause or number."""
    noun = re.split(r"[、,。;:()“”\"]|以及|\d", after, maxsplit=1)[0]
    return re.sub(r"^(?:的|大)|等$", "", noun)


def _qualifier(place: Setting) -> bool:
    """Whether the amount only says what kind of thing is meant (超100亿元的企业2家)."""
    amount, after = place.amount, place.after
    counted = [a for a in place.others if not a.measured]
    if amount.first < amount.start and place.text.startswith(
        ("前", "全", "国", "世"), amount.first
    ):
        return any(a.end <= amount.first for a in counted)
    if amount.measured and amount.core != "%" and after.endswith("全覆盖"):
        return True
    if amount.measured and not _GROWTH.match(after):
        if not place.before and not counted and re.search(r"达到|实现", after):
            return False
        if amount.core == "%" and REGION.fullmatch(before_noun(_DATED.sub("", place.before))):
            return False
        if after.startswith("的"):
            return amount.core != "%" or not place.before.endswith("覆盖")
        if amount.core in ("人次", "次") or (amount.core == "%" and not counted):
            return False
        sole = not counted and re.search(r"(?:形成|打造|建成|实现|培育)$", place.before)
        return bool(_QUALIFIED.match(after)) and not sole
    earlier = any(
        a.end < amount.start and not re.search(r"[、和及]", place.text[a.end : amount.first])
        for a in counted
    )
    return after.startswith("的") and earlier and not amount.measured


def _budgeted(place: Setting) -> bool:
    clause = place.text[slice(*place.clause)]
    return place.amount.core == "元" and budgeted(place.before, clause)


def _foretold(place: Setting) -> bool:
    return foretold(place.text[place.sentence[0] : place.amount.first])


def _invested(place: Setting) -> bool:
    """Whether money only says how large a project is, or people how many came."""
    if place.amount.core in ("人", "名", "位"):
        return bool(
            re.match(
                r"(?:参会|参加|出席|到场|与会|的?[^,。]{0,6}(?:专家|工作|评审)组)", place.after
            )
        )
    return bool(
        place.amount.core == "元"
        and re.search(r"(?<!完成)(?:总投资|投资额|投资|投入)(?:约|超过?|近)?$", place.before)
        and re.match(r"的|[^,。;]{0,12}(?:建设|打造|用于|实施|项目|配置|购置|改造)", place.after)
    )


_RULES = (
    ("incentive", _incentive),
    ("routine", _routine),
    ("structure", _structural),
    ("qualifier", _qualifier),
    ("qualifier", _invested),
    ("budget", _budgeted),
    ("forecast", _foretold),
)


_CLOSED = re.compile(r"$|[、)]|[和及](?![^、,。;]*率)")
_SHARE = re.compile(
    r"(?:率|占比|比例|比重|覆盖面|节[水肥能电煤药油地]|省[水肥工]|增[产收效])(?:平均|均)?$"
)


def _pursued(place: Setting, year: Year | None, goal: bool) -> bool:
    amount = place.amount
    if goal or amount.comparator != "=" or place.text[amount.start - 1 : amount.start] == "翻":
        return True
    if year is not None and year.role == "deadline":
        return True
    own = place.text[amount.first : amount.start]
    if own and _REACHED.match(own):
        return True
    if amount.core == "%" and _SHARE.search(place.before) and _CLOSED.match(place.after):
        return True
    if own == "为" and PURSUE.search(place.after):
        return True
    if amount.reached and own not in ("为", "到", "至"):
        return True
    if amount.spelt and not amount.measured:
        if amount.low >= 10 and not place.after and PURSUE.match(place.before):
            return True
        return bool(PURSUE.search(place.before[-6:]) or re.match(r"[百千万]+亿", place.after))
    return bool(PURSUE.search(place.before) or (not place.before and place.others))
