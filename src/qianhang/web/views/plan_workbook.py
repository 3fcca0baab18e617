"""A plan's ledger as a workbook, out and back in; its weights."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from qianhang.core.errors import ContractError
from qianhang.core.words import Lang
from qianhang.plan import items, rollup
from qianhang.plan.items import Plan
from qianhang.plan.office import intake, sheets
from qianhang.plan.office.intake import Intake
from qianhang.plan.stated import set_setting
from qianhang.web.asked import Asked
from qianhang.web.views import plans

__all__ = ["LARGEST", "taken", "weigh", "workbook"]

LARGEST = 20 << 20


def workbook(ask: Asked, plan: Plan, *, on: date, lang: Lang) -> bytes:
    """The ledger in the layout that offices use."""
    lines = intake.current(ask.store, plan, on=on)
    return sheets.workbook(lines, plan=plan.title, ref=plan.ref, on=on, lang=lang)


def taken(ask: Asked, plan: Plan, data: bytes, *, name: str, only: bool) -> Intake:
    """What a workbook that came back changes: only told, or taken whole.

    Raises ContractError naming row and column for what cannot be taken, or a file too large;
    UsageError where the ledger was changed in the same place.
    """
    if len(data) > LARGEST:
        raise ContractError("QH184", f"the file is larger than {LARGEST >> 20} MiB")
    day = plans.today(ask)
    sheet = sheets.read_sheet(data, (name or "ledger.xlsx")[-120:])
    found = intake.check(ask.store, plan, sheet, on=day)
    if not only:
        intake.take(ask.store, plan, found, on=day, by=ask.by, at=ask.now)
    return found


def weigh(ask: Asked, plan: Plan, texts: Iterable[str]) -> None:
    """Set the weights of the plan's targets, written T1=2; none takes them away.

    Raises UsageError for a target that is not there, or a weight that is no positive number.
    """
    known = {i.code for i in items.items(ask.store, plan, kind="target")}
    found = rollup.read_weights(texts, known)
    set_setting(ask.store, plan, "weights", found, by=ask.by, at=ask.now)
