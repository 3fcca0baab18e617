"""Prices, bills, usage records and vouchers by the API; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from qianhang.client import billing_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["MoneyCalls"]

Kind = Literal["org", "operator"]


class MoneyCalls:
    """The client's methods for money; amounts are whole fen, months are written 2026-03."""

    _wire: Wire

    def prices(
        self, *, operator: str = "", flavour: str = "", on: str = ""
    ) -> Iterator[shapes.Price]:
        """Every published price; on : the day of their states, today where none."""
        found = self._wire.pages("/prices", operator=operator, flavour=flavour, on=on)
        return cast(Iterator[shapes.Price], found)

    def publish_prices(self, toml: str) -> list[shapes.Price]:
        """The prices of a list, written as the handbook says."""
        answer = self._wire.write("POST", "/prices", json={"toml": toml})
        return cast(list[shapes.Price], answer.json()["items"])

    def statements(self, *, month: str = "") -> Iterator[shapes.Month]:
        """The months of every party whose bills one may see, the newest first."""
        return cast(Iterator[shapes.Month], self._wire.pages("/statements", month=month))

    def statement(self, name: str, month: str, *, kind: Kind = "org") -> shapes.Statement:
        """One month of a party, every line of it."""
        answer = self._wire.read(f"/statements/{kind}/{name}/{month}")
        return cast(shapes.Statement, answer.json())

    def issue_statement(self, name: str, month: str, *, kind: Kind = "org") -> shapes.Statement:
        """A statement, frozen once its month is over."""
        answer = self._wire.write("POST", f"/statements/{kind}/{name}/{month}/issue")
        return cast(shapes.Statement, answer.json())

    def focus(self, org: str, month: str) -> bytes:
        """An organisation's month as CSV with the columns of FOCUS."""
        return self._wire.read(f"/statements/org/{org}/{month}/focus").content

    def balance(self, org: str) -> shapes.Balance:
        """What an organisation paid in, was billed and has paid."""
        return cast(shapes.Balance, self._wire.read(f"/statements/org/{org}/balance").json())

    def usage_records(self, *, org: str = "", job: str = "") -> Iterator[shapes.UsageRecord]:
        """Usage records, by start."""
        found = self._wire.pages("/usage-records", org=org, job=job)
        return cast(Iterator[shapes.UsageRecord], found)

    def usage_record(self, name: str) -> shapes.UsageRecord:
        """One usage record; name : attempt/epoch/sequence."""
        return cast(shapes.UsageRecord, self._wire.read(f"/usage-records/{name}").json())

    def voucher_programmes(self) -> Iterator[shapes.Programme]:
        """The programmes that ship with the product or work on the server."""
        return cast(Iterator[shapes.Programme], self._wire.pages("/voucher-programmes"))

    def voucher_programme(self, programme: str) -> shapes.ProgrammeDetail:
        """One programme with every rule and its sources."""
        answer = self._wire.read(f"/voucher-programmes/{programme}")
        return cast(shapes.ProgrammeDetail, answer.json())

    def vouchers(self) -> Iterator[shapes.Voucher]:
        """The vouchers that one may see."""
        return cast(Iterator[shapes.Voucher], self._wire.pages("/vouchers"))

    def voucher(self, number: int) -> shapes.VoucherDetail:
        """One voucher with its holds and their use."""
        return cast(shapes.VoucherDetail, self._wire.read(f"/vouchers/{number}").json())

    def claims(self, *, state: str = "") -> Iterator[shapes.Claim]:
        """The claims that one may see."""
        return cast(Iterator[shapes.Claim], self._wire.pages("/voucher-claims", state=state))

    def claim(self, programme: str, facts: Mapping[str, Any]) -> shapes.Claim:
        """All use of a contract that was not claimed yet, claimed; facts : as in a file of them."""
        body = {"programme": programme, "facts": dict(facts)}
        return cast(shapes.Claim, self._wire.write("POST", "/voucher-claims", json=body).json())

    def batches(self) -> Iterator[shapes.Batch]:
        """The batches in which claims are settled."""
        return cast(Iterator[shapes.Batch], self._wire.pages("/voucher-batches"))

    def gather(self, programme: str) -> shapes.Batch:
        """Every filed claim of a programme, in a batch."""
        answer = self._wire.write("POST", "/voucher-batches", json={"programme": programme})
        return cast(shapes.Batch, answer.json())

    def settle_batch(
        self,
        batch: int,
        step: Literal["review", "pay", "audit"],
        decisions: Sequence[Mapping[str, Any]] = (),
    ) -> shapes.Batch:
        """The batch after a step; decisions : claim, why and, of an audit, fen to take back."""
        body = {"decisions": [dict(one) for one in decisions]}
        answer = self._wire.write("POST", f"/voucher-batches/{batch}/{step}", json=body)
        return cast(shapes.Batch, answer.json())
