"""What the API answers of prices, bills, usage and vouchers; amounts in fen; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

from qianhang.client.shapes import Words

__all__ = [
    "Balance",
    "Batch",
    "BillLine",
    "Capture",
    "Claim",
    "Hold",
    "Month",
    "Price",
    "PriceBand",
    "Programme",
    "ProgrammeDetail",
    "ProgrammeRule",
    "ProgrammeSource",
    "Statement",
    "UsageRecord",
    "Voucher",
    "VoucherDetail",
]


class PriceBand(TypedDict):
    """Hours of the day with a price of their own."""

    begin: str
    end: str
    yuan: str


class Price(TypedDict):
    """What one unit costs at an operator."""

    id: str
    operator: str
    pool: str
    flavour: str
    unit: str
    category: str
    yuan: str
    list_yuan: str
    fee: str
    bands: list[PriceBand]
    zone: str
    since: str
    until: str | None
    state: str


class Month(TypedDict):
    """One party's month; fen."""

    party: str
    month: str
    charges: int
    corrections: int
    credits: int
    fee: int
    due: int
    issued: bool


class BillLine(TypedDict):
    """One line of a statement."""

    kind: str
    month: str
    own_month: str
    usage: str
    org: str
    project: str
    scenario: str
    operator: str
    pool: str
    flavour: str
    category: str
    unit: str
    quantity: str
    yuan: str
    price: str
    fen: int
    fee: int
    start: str
    end: str
    note: str


class Statement(TypedDict):
    """What a party owes or earns for a month; fen."""

    party: str
    month: str
    charges: int
    corrections: int
    credits: int
    fee: int
    due: int
    sums: dict[str, dict[str, int]]
    sha256: str
    lines: list[BillLine]


class Balance(TypedDict):
    """Where an organisation stands; fen."""

    org: str
    wallet: int
    billed: int
    paid: int
    open: int
    months: list[str]


class UsageRecord(TypedDict):
    """One stretch of one attempt on one pool."""

    id: str
    job: str
    attempt: str
    org: str
    project: str
    scenario: str
    operator: str
    pool: str
    flavour: str
    unit: str
    cards: str
    count: str
    card_seconds: str
    pflops_hours: str
    start: str
    end: str
    proof_start: str
    proof_end: str
    it_kwh: str
    measured: bool
    pue: str
    facility_kwh: str
    kg_co2: str
    corrects: str
    why: str


class Programme(TypedDict):
    """A voucher programme in one line; null where its sources state nothing."""

    id: str
    name: Words
    kind: str
    region: str
    issuer: str
    percents: list[int]
    fund_cny: int | None
    fund_per_year_cny: int | None
    entity_per_year_cny: int | None
    entity_total_cny: int | None
    payout: str | None
    read: list[str]
    version: int
    free: int


class ProgrammeRule(TypedDict):
    """One rule of a programme, and the sources that state it."""

    field: str
    text: Words
    sources: list[int]


class ProgrammeSource(TypedDict):
    """Where rules come from."""

    document: str
    number: str
    url: str
    read: str
    day: str | None


class ProgrammeDetail(Programme):
    """A programme with every rule that it states."""

    rules: list[ProgrammeRule]
    sources: list[ProgrammeSource]


class Voucher(TypedDict):
    """A voucher; fen."""

    id: int
    programme: str
    entity: str
    contract: str
    year: int
    fen: int
    left: int
    returned: int
    expires: str
    state: str
    at: str


class Hold(TypedDict):
    """Part of a voucher set aside for a job; fen."""

    id: int
    job: str
    supplier: str
    percent: int
    fen: int
    captured: int
    released: int
    state: str


class Capture(TypedDict):
    """What a voucher bore of a bill; fen."""

    hold: int
    job: str
    bill: int
    fen: int
    claim: int | None
    at: str


class VoucherDetail(Voucher):
    """A voucher with its holds and their use."""

    holds: list[Hold]
    captures: list[Capture]


class Claim(TypedDict):
    """What was used, asked back; fen."""

    id: int
    programme: str
    payee: str
    contract: str
    fen: int
    clawed: int
    state: str
    batch: int | None
    why: str
    by: str
    at: str


class Batch(TypedDict):
    """Claims that are settled together; fen."""

    id: int
    programme: str
    fen: int
    state: str
    reviewer: str
    payer: str
    auditor: str
    at: str
