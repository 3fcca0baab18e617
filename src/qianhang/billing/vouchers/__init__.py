"""Compute and model vouchers (算力券、智能券、模型券): rules as data, money in the ledger.

Programmes are files (`shelf`), their rules pure functions (`rules`, `worth`). What happens to them
is done once per key in a transaction: `funds`, `grants`, `holds`, `claims`, `batches`; `audit` says
whether everything still adds up.
"""

from __future__ import annotations

from qianhang.billing.vouchers.deeds import Act
from qianhang.billing.vouchers.facts import (
    Applicant,
    Bill,
    Contract,
    Facts,
    Line,
    Spent,
    Supplier,
)
from qianhang.billing.vouchers.programme import Programme
from qianhang.billing.vouchers.rules import Refusal, claimable, eligible
from qianhang.billing.vouchers.shelf import load, named, shipped
from qianhang.billing.vouchers.tables import PART
from qianhang.billing.vouchers.worth import Share, stack, worth

__all__ = [
    "PART",
    "Act",
    "Applicant",
    "Bill",
    "Contract",
    "Facts",
    "Line",
    "Programme",
    "Refusal",
    "Share",
    "Spent",
    "Supplier",
    "claimable",
    "eligible",
    "load",
    "named",
    "shipped",
    "stack",
    "worth",
]
