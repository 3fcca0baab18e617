"""Wallets, grants of vouchers and settlement by the API; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from qianhang.client import billing_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["SettlingCalls"]


class SettlingCalls:
    """The client's methods for those who move money; amounts are whole fen."""

    _wire: Wire

    def top_up(self, org: str, fen: int, *, reference: str) -> shapes.Balance:
        """Money that came in, in the organisation's wallet; once for each reference."""
        body = {"fen": fen, "reference": reference}
        answer = self._wire.write("POST", f"/statements/org/{org}/balance", json=body)
        return cast(shapes.Balance, answer.json())

    def pay_statement(self, org: str, month: str) -> shapes.Balance:
        """An issued statement, paid out of the organisation's wallet."""
        answer = self._wire.write("POST", f"/statements/org/{org}/{month}/payment")
        return cast(shapes.Balance, answer.json())

    def fund_programme(self, programme: str, *, year: int, fen: int) -> shapes.ProgrammeDetail:
        """The programme put to work, with this much more money for a year."""
        body = {"year": year, "fen": fen}
        answer = self._wire.write("POST", f"/voucher-programmes/{programme}/fund", json=body)
        return cast(shapes.ProgrammeDetail, answer.json())

    def grant_voucher(
        self, programme: str, facts: Mapping[str, Any], *, fen: int | None = None
    ) -> shapes.VoucherDetail:
        """A voucher by the facts of a contract; fen : all that it is worth where None."""
        body = {"programme": programme, "facts": dict(facts), "fen": fen}
        answer = self._wire.write("POST", "/vouchers", json=body)
        return cast(shapes.VoucherDetail, answer.json())

    def expire_vouchers(self) -> list[shapes.ExpiredVoucher]:
        """The vouchers whose time was over, given back to their funds."""
        answer = self._wire.write("POST", "/vouchers/expiry")
        return cast(list[shapes.ExpiredVoucher], answer.json()["items"])

    def batch(self, batch: int) -> shapes.BatchDetail:
        """A batch with its claims and the step that comes next."""
        return cast(shapes.BatchDetail, self._wire.read(f"/voucher-batches/{batch}").json())

    def owed_operators(self) -> Iterator[shapes.OwedOperator]:
        """What operators are owed."""
        return cast(Iterator[shapes.OwedOperator], self._wire.pages("/settlement/operators"))

    def settlement_months(self) -> Iterator[shapes.SettledMonth]:
        """The months between operators, the newest first."""
        return cast(Iterator[shapes.SettledMonth], self._wire.pages("/settlement/months"))

    def settlement_month(self, month: str) -> shapes.MonthSettlement:
        """A month between operators: statements, who pays whom."""
        answer = self._wire.read(f"/settlement/months/{month}")
        return cast(shapes.MonthSettlement, answer.json())

    def issue_month(self, month: str) -> shapes.MonthSettlement:
        """Every statement of the month, frozen."""
        answer = self._wire.write("POST", f"/settlement/months/{month}/issue")
        return cast(shapes.MonthSettlement, answer.json())

    def settle_month(self, month: str) -> shapes.MonthSettlement:
        """The month's dues moved to whoever collects them."""
        answer = self._wire.write("POST", f"/settlement/months/{month}/settle")
        return cast(shapes.MonthSettlement, answer.json())
