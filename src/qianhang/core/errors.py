"""Named errors, one class for each thing that the reader has to do.

QianhangError
├── ContractError    QH1xx  fix the data
├── PackError        QH2xx  fix the pack
├── DatasetError     QH3xx  fetch or repair a registered data set
├── GateClosed       QH4xx  get a sign-off, or change the use
├── PoolUnavailable  QH50x  wait, or move to another pool
├── JobFailed        QH51x  read the job's log
├── ModelError       QH6xx  train again, or restore the model's files
├── StoreError       QH7xx  repair the store
├── UsageError       QH8xx  change the command, or install an extra
│   └── MissingExtra QH81x  install the named extra
└── AccessRefused    QH9xx  sign in, or ask for the right

Every code has a page in docs/errors/.
"""

from __future__ import annotations

__all__ = [
    "AccessRefused",
    "ContractError",
    "DatasetError",
    "GateClosed",
    "JobFailed",
    "MissingExtra",
    "ModelError",
    "PackError",
    "PoolUnavailable",
    "QianhangError",
    "StoreError",
    "UsageError",
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

    def __reduce__(self) -> tuple[object, tuple[str, str, str]]:
        return (_rebuild, (type(self), self.code, self.message, self.hint))  # type: ignore[return-value]  # pickling across processes keeps the keyword


def _rebuild(kind: type[QianhangError], code: str, message: str, hint: str) -> QianhangError:
    return kind(code, message, hint=hint)


class ContractError(QianhangError):
    """The data break the contract: fix the data."""


class PackError(QianhangError):
    """The pack is wrong: fix the pack."""


class DatasetError(QianhangError):
    """A registered data set is absent, unreachable or spoilt."""


class GateClosed(QianhangError):
    """The safety gate refuses: get a sign-off, or change the use."""


class PoolUnavailable(QianhangError):
    """The compute pool cannot take the job now: wait, or move."""


class JobFailed(QianhangError):
    """The job ended without a result: read its log."""


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
