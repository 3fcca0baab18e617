"""What the ledger carries: entries a second, and usage from record to charge.

python bench/billing.py [N]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from qianhang.billing import books, charges, ledger, metering, prices, schema
from qianhang.billing.ledger import Posting
from qianhang.billing.prices import Band, Price
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.store import Settings, Store
from timing import cpu_s, table

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
HEAD = ("what", "how many", "a second, wall", "a second, CPU", "CPU ms each")
BATCH = 100


def entries(store: Store, count: int, *, batch: int) -> None:
    """Entries of two postings over a hundred wallets that may not fall below zero."""
    for first in range(0, count, batch):
        with store.write() as tx:
            for n in range(first, min(first + batch, count)):
                wallet = f"org:o{n % 100}:wallet"
                lines = [Posting(wallet, 5), Posting("bank", -5)]
                key = f"{batch}:{n}"
                ledger.post(
                    tx, "top_up", subject="o", postings=lines, at=AT, key=key,
                    not_below_zero=[wallet],
                )  # fmt: skip


def usage(n: int) -> UsageRecord:
    """Two and a half hours of eight cards."""
    return UsageRecord(
        job=f"j{n}", attempt=f"a{n}", org=f"o{n % 100}", scenario=f"s{n % 30}", operator="p1",
        pool=f"pool-{n % 11}", flavour="ascend910b", start=AT, end=AT + timedelta(hours=2.5),
        proof=Proof("guard", "sacct"), cards=Decimal(8), tflops=Decimal(313),
    )  # fmt: skip


def record(store: Store, count: int) -> None:
    for n in range(count):
        with store.write() as tx:
            metering.record(tx, usage(n), at=AT + timedelta(days=1))


def charge(store: Store) -> None:
    refused = charges.charge_pending(store, at=AT + timedelta(days=1))
    if refused:
        raise SystemExit(f"{len(refused)} records were not charged")


def agree(store: Store) -> None:
    found = books.faults(store)
    if found:
        raise SystemExit(str(found[0]))


def rows(store: Store, count: int) -> list[list[str]]:
    """A line of the table for each thing measured."""
    bands = (Band("22:00", "08:00", Decimal("6.25")),)
    price = Price(
        operator="p1", flavour="ascend910b", unit="card_hour", category="compute",
        yuan=Decimal("12.5"), list_yuan=Decimal(15), bands=bands, fee=Decimal("0.03"),
        since=AT - timedelta(days=60), version="1", number=1,
    )  # fmt: skip
    with store.write() as tx:
        prices.publish(tx, [price], at=AT)
    whole = 2 * count + count
    return [
        _line("entry, a transaction each", count, lambda: entries(store, count, batch=1)),
        _line(f"entry, {BATCH} a transaction", count, lambda: entries(store, count, batch=BATCH)),
        _line("usage recorded, a transaction each", count, lambda: record(store, count)),
        _line("usage charged, a transaction each", count, lambda: charge(store)),
        _line("entry checked, with log, lines and balances", whole, lambda: agree(store)),
    ]


def _line(what: str, count: int, work: Callable[[], None]) -> list[str]:
    began, used = time.perf_counter(), cpu_s()
    work()
    wall, cpu = time.perf_counter() - began, cpu_s() - used
    cells = [f"{count:,}", f"{count / wall:,.0f}", f"{count / cpu:,.0f}"]
    return [what, *cells, f"{1e3 * cpu / count:.2f}"]


def main(arguments: list[str]) -> None:
    """Print the table; SQLite, every commit flushed to the disk, or QIANHANG_DATABASE_URL."""
    count = int(arguments[0]) if arguments else 2000
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("QIANHANG_DATABASE_URL", "")
        where = {"database_url": url} if url else {}
        with Store.open(Settings(home=Path(folder), **where), parts=(schema.PART,)) as store:
            print(table(HEAD, rows(store, count)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
