"""Named errors, one class for each thing that the reader has to do.

QianhangError
├── ContractError    QH1xx  fix the data
├── PackError        QH2xx  fix the pack
├── DatasetError     QH3xx  fetch or repair a registered data set
├── GateClosed       QH4xx  get a sign-off, or change the use
├── PoolUnavailable  QH50x  wait, or move to another pool
├── JobFailed        QH51x  read the job's log
├── BudgetError      QH55x  top up, or ask for more vouchers
├── BillingError     QH55x  correct the usage, the price list or the entry
├── Deposed          QH593  nothing: another supervisor decides
├── ModelError       QH6xx  train again, or restore the model's files
├── StoreError       QH7xx  repair the store
├── UsageError       QH8xx  change the command, or install an extra
│   └── MissingExtra QH81x  install the named extra
└── AccessRefused    QH9xx  sign in, or ask for the right

Every code has a page in docs/errors/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "AccessRefused",
    "BillingError",
    "BudgetError",
    "ContractError",
    "DatasetError",
    "Deposed",
    "GateClosed",
    "JobFailed",
    "MissingExtra",
    "ModelError",
    "PackError",
    "Place",
    "PoolUnavailable",
    "QianhangError",
    "StoreError",
    "UsageError",
    "retold",
]


class QianhangError(Exception):
    """Root of every error that a reader is meant to see: a stable code, what was found, a hint."""

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.code} {self.message}{tail}"

    def told(self) -> dict[str, Any]:
        """Code, message and hint as they are written down for others to show."""
        return {"code": self.code, "message": self.message, "hint": self.hint}

    def __reduce__(self) -> tuple[object, ...]:
        # Pickling across processes keeps the keyword.
        return (_rebuild, (type(self), self.code, self.message, self.hint))


def retold(said: Mapping[str, Any], kind: type[QianhangError]) -> QianhangError:
    """The error that `told` wrote down, of the given class."""
    made = kind(said["code"], said["message"], hint=said["hint"])
    if isinstance(made, ContractError) and isinstance(said.get("place"), Mapping):
        made.place = Place(**said["place"])
    return made


def _rebuild(kind: type[QianhangError], code: str, message: str, hint: str) -> QianhangError:
    return kind(code, message, hint=hint)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table breaks its contract: what a message says, one thing in each field.

    row : of the file, counted from 1; 0 for the whole column
    time : the row's time stamp, "" where there is none
    found, expected : with unit; "" where the message says all
    """

    file: str
    column: str
    row: int = 0
    time: str = ""
    found: str = ""
    expected: str = ""


class ContractError(QianhangError):
    """The data break the contract: fix the data.

    place : where in a table, None where it is not about one
    """

    def __init__(
        self, code: str, message: str, *, hint: str = "", place: Place | None = None
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.place = place

    def told(self) -> dict[str, Any]:
        """Code, message, hint and, where there is one, the place in the table."""
        place = {"place": asdict(self.place)} if self.place else {}
        return super().told() | place

    def __reduce__(self) -> tuple[object, ...]:
        # The third part is set on the copy as its attributes.
        return (*super().__reduce__(), {"place": self.place})


class PackError(QianhangError):
    """The pack is wrong: fix the pack."""


class DatasetError(QianhangError):
    """A registered data set is absent, unreachable or spoilt."""


class GateClosed(QianhangError):
    """The safety gate refuses: get a sign-off, or change the use."""


class PoolUnavailable(QianhangError):
    """The compute pool cannot take the job now: wait, or move."""


class Deposed(QianhangError):
    """Another supervisor decides now: whatever this one was about to write is not written."""


class JobFailed(QianhangError):
    """The job ended without a result: read its log."""


class BudgetError(QianhangError):
    """An account, fund or cap holds too little: top up, or ask for more vouchers."""


class BillingError(QianhangError):
    """What is to be charged is not right: correct the usage, the price list or the entry."""


class ModelError(QianhangError):
    """A saved model is absent, spoilt or not allowed."""


class StoreError(QianhangError):
    """The store cannot be read, written or trusted."""


class UsageError(QianhangError):
    """The command or call cannot be carried out as asked."""


class MissingExtra(UsageError):
    """A field's library is not installed: the message names the extra."""


class AccessRefused(QianhangError):
    """Whoever asks is not known, or may not do this: sign in, or ask an administrator."""
