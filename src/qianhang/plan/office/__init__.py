"""The office's side of the ledger: bulletins, workbooks, comparison of plans, who does what when.

The names load on first use, so that a look at what is due imports no workbook library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.plan.office.bulletin import Bulletin, Order, compose
    from qianhang.plan.office.compare import Comparison, side_by_side
    from qianhang.plan.office.intake import Intake, Taken, check, current, take
    from qianhang.plan.office.printing import Issued, issue, issued, preview, reprint
    from qianhang.plan.office.sheets import read_sheet, workbook
    from qianhang.plan.office.work import (
        Due,
        Escalation,
        Reminder,
        Rhythm,
        dues,
        escalations,
        reminders,
        reports,
        rhythm,
    )

_HOME = {
    "Bulletin": "bulletin",
    "Comparison": "compare",
    "Due": "work",
    "Escalation": "work",
    "Intake": "intake",
    "Issued": "printing",
    "Order": "bulletin",
    "Reminder": "work",
    "Rhythm": "work",
    "Taken": "intake",
    "check": "intake",
    "compose": "bulletin",
    "current": "intake",
    "dues": "work",
    "escalations": "work",
    "issue": "printing",
    "issued": "printing",
    "preview": "printing",
    "read_sheet": "sheets",
    "reminders": "work",
    "reports": "work",
    "reprint": "printing",
    "rhythm": "work",
    "side_by_side": "compare",
    "take": "intake",
    "workbook": "sheets",
}

__all__ = [
    "Bulletin",
    "Comparison",
    "Due",
    "Escalation",
    "Intake",
    "Issued",
    "Order",
    "Reminder",
    "Rhythm",
    "Taken",
    "check",
    "compose",
    "current",
    "dues",
    "escalations",
    "issue",
    "issued",
    "preview",
    "read_sheet",
    "reminders",
    "reports",
    "reprint",
    "rhythm",
    "side_by_side",
    "take",
    "workbook",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    # An import binds a submodule under its own name, which may be a function's as well.
    globals()[name] = value
    return value
