"""What the API answers of prices, bills, usage and vouchers; amounts in fen; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

from qianhang.client.shapes import Words

__all__ = [
    "Balance",
    "Batch",
    "BatchDetail",
    "BillLine",
    "Capture",
    "Claim",
    "Customers",
    "ExpiredVoucher",
    "Hold",
    "Month",
    "MonthSettlement",
    "OwedOperator",
    "PoolCredit",
    "Price",
    "PriceBand",
    "Programme",
    "ProgrammeDetail",
    "ProgrammeFund",
    "ProgrammeRule",
    "ProgrammeSource",
    "SettledMonth",
    "Statement",
    "Transfer",
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


class ProgrammeFund(TypedDict):
    """A year of a programme's money; fen."""

    year: int
    fen: int
    free: int


class ProgrammeDetail(Programme):
    """A programme with every rule that it states, and its money."""

    funds: list[ProgrammeFund]

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


class BatchDetail(Batch):
    """A batch with its claims, the step that comes next, the part that one has in it."""

    claims: list[Claim]
    step: str
    held: str


class ExpiredVoucher(TypedDict):
    """A voucher whose time was over; fen."""

    id: int
    fen: int


class OwedOperator(TypedDict):
    """What an operator is owed; fen."""

    operator: str
    charged: int
    settled: int


class SettledMonth(TypedDict):
    """A month between operators in one line; fen."""

    month: str
    due: int
    issued: int
    settled: bool


class Customers(TypedDict):
    """The organisations of a month, counted; fen."""

    count: int
    issued: int
    due: int


class Transfer(TypedDict):
    """Money that one operator, or the platform, pays another; fen."""

    payer: str
    payee: str
    fen: int


class PoolCredit(TypedDict):
    """What an operator gave back for a pool's month; fen."""

    operator: str
    pool: str
    source: str
    fen: int


class MonthSettlement(TypedDict):
    """A month between operators; fen."""

    month: str
    over: bool
    ready: bool
    settled: bool
    operators: list[Month]
    customers: Customers | None
    net: dict[str, int]
    transfers: list[Transfer]
    credits: list[PoolCredit]
