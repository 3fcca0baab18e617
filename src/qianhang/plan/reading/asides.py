"""Figures that a plan's text holds but the plan does not set out to reach: money that an office
sets aside, and what experts foretell."""

from __future__ import annotations

import re

__all__ = ["budgeted", "foretold"]

_SET_ASIDE = re.compile(r"(?:安排|统筹|列支|拿出|列入)(?:[^,。;、]{0,10}(?:资金|经费)|财政|预算)?$")
_MONEY = re.compile(r"资金|经费|财政|预算|用于|支持")
_FORETOLD = re.compile(
    r"(?:咨询|研究|市场|行业)机构[^,。]{0,6}(?:预测|预计)|据[^,。]{0,8}(?:预测|测算)"
    r"|(?:专家|教授|院士|分析师|研究员|业内人士)[^,。]{0,12}(?:认为|预计|预测|判断)"
)


def budgeted(before: str, clause: str) -> bool:
    """Whether money is set aside, by which nothing is reached yet.

    before : the clause up to the amount; clause : all of it
    """
    return bool(_SET_ASIDE.search(before) and _MONEY.search(clause))


def foretold(sentence: str) -> bool:
    """Whether a sentence up to its amount tells what somebody outside expects."""
    return bool(_FORETOLD.search(sentence))
