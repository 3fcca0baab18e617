"""Figures by formula: versioned constants, sums that share them, their error, their closure."""

from __future__ import annotations

from qianhang.engines.formula.closing import closure
from qianhang.engines.formula.constant import Book, Constant
from qianhang.engines.formula.terms import Terms

__all__ = ["Book", "Constant", "Terms", "closure"]
