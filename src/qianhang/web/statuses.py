"""The HTTP status with which each named error is answered; it names codes that others raise."""

from __future__ import annotations

from qianhang.core import errors
from qianhang.core.errors import QianhangError

__all__ = ["CODES", "status_of"]

CODES = {
    "QH523": 422, "QH524": 404, "QH525": 409, "QH526": 403, "QH527": 404, "QH528": 422,
    "QH501": 409, "QH552": 404, "QH564": 422, "QH565": 429, "QH566": 404, "QH554": 404,
    "QH572": 404, "QH574": 422, "QH576": 404,
    "QH577": 409, "QH578": 403, "QH579": 409, "QH580": 422,
    "QH206": 404, "QH591": 409, "QH592": 404, "QH594": 409, "QH595": 404, "QH596": 422,
    "QH597": 422, "QH598": 422,
    "QH701": 503, "QH703": 507, "QH705": 503, "QH709": 409, "QH804": 404,
    "QH808": 409, "QH820": 404, "QH821": 404, "QH822": 409, "QH850": 404, "QH851": 429,
    "QH853": 409, "QH854": 404, "QH862": 404, "QH867": 422, "QH868": 409, "QH872": 404,
    "QH873": 429, "QH874": 422,
    "QH880": 422, "QH881": 404, "QH882": 405, "QH883": 422, "QH884": 429, "QH885": 422,
    "QH886": 413,
    "QH888": 503, "QH901": 401, "QH902": 401, "QH903": 429, "QH904": 410, "QH905": 403,
    "QH907": 401, "QH909": 403, "QH910": 502,
}  # fmt: skip
_CLASSES: tuple[tuple[type[QianhangError], int], ...] = (
    (errors.AccessRefused, 403),
    (errors.ContractError, 422),
    (errors.PackError, 422),
    (errors.DatasetError, 424),
    (errors.GateClosed, 403),
    (errors.PoolUnavailable, 503),
    (errors.JobFailed, 422),
    (errors.ModelError, 409),
    (errors.MissingExtra, 424),
    (errors.BudgetError, 409),
    (errors.BillingError, 422),
    (errors.UsageError, 400),
    (errors.StoreError, 500),
)


def status_of(error: QianhangError) -> int:
    """The HTTP status of a named error."""
    if error.code in CODES:
        return CODES[error.code]
    return next((status for kind, status in _CLASSES if isinstance(error, kind)), 500)
