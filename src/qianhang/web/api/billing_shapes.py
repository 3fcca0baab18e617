"""What the API answers of prices, bills, usage records and vouchers; amounts in whole fen."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qianhang.web.api.paging import Page
from qianhang.web.api.shapes import Words

__all__ = [
    "Balance",
    "BillLine",
    "Capture",
    "Claim",
    "Claims",
    "Hold",
    "Month",
    "Months",
    "Price",
    "PriceBand",
    "Prices",
    "Programme",
    "ProgrammeDetail",
    "ProgrammeFund",
    "ProgrammeRule",
    "ProgrammeSource",
    "Programmes",
    "Statement",
    "UsageRecord",
    "UsageRecords",
    "Voucher",
    "VoucherDetail",
    "Vouchers",
]


class PriceBand(BaseModel):
    """Hours of the day with a price of their own."""

    begin: str = Field(examples=["23:00"])
    end: str = Field(description="Not part of it", examples=["07:00"])
    yuan: str = Field(description="A unit, an exact decimal", examples=["7.68"])


class Price(BaseModel):
    """What one unit costs at an operator."""

    id: str = Field(description="Operator, list, number in it", examples=["zz/2026-1/1"])
    operator: str = Field(examples=["zz"])
    pool: str = Field(description="Empty for every pool of the operator", examples=[""])
    flavour: str = Field(description="Chip or model", examples=["ascend-910b"])
    unit: str = Field(description="card_hour, pflops_hour, token, call or gb")
    category: str = Field(description="compute, storage, network or model")
    yuan: str = Field(description="A unit, an exact decimal", examples=["12.80"])
    list_yuan: str = Field(description="Before the contract's discount", examples=["14.08"])
    fee: str = Field(description="Share that the platform keeps, 0 to 1", examples=["0.03"])
    bands: list[PriceBand]
    zone: str = Field(description="Whose clocks the hours are", examples=["Asia/Shanghai"])
    since: str = Field(description="UTC")
    until: str | None = Field(description="UTC; null for no end")
    state: str = Field(description="On the day: now, coming, ended, or over (replaced)")


class Prices(Page):
    """A page of prices, by flavour and operator."""

    items: list[Price]


class Month(BaseModel):
    """One party's month; fen."""

    party: str = Field(description="org:NAME or operator:NAME", examples=["org:root"])
    month: str = Field(description="Of clocks in China", examples=["2026-03"])
    charges: int = Field(examples=[8924])
    corrections: int = Field(examples=[0])
    credits: int = Field(description="Below zero", examples=[0])
    fee: int = Field(description="The platform's share, of an operator's", examples=[0])
    due: int = Field(description="Owed by an organisation, earned by an operator")
    issued: bool = Field(description="Whether the statement is frozen")


class Months(Page):
    """A page of months, the newest first."""

    items: list[Month]


class BillLine(BaseModel):
    """One line of a statement."""

    kind: str = Field(description="usage, back (taken back) or credit")
    month: str = Field(description="On whose statement it stands")
    own_month: str = Field(description="That it is about")
    usage: str = Field(description="Id of the usage record; empty where there is none")
    org: str = Field(description="Empty where it is no business of the reader's")
    project: str
    scenario: str
    operator: str
    pool: str
    flavour: str
    category: str
    unit: str = Field(description="Empty for a credit")
    quantity: str = Field(description="Exact, a fraction where it has no end", examples=["134/15"])
    yuan: str = Field(description="A unit, an exact decimal", examples=["9.99"])
    price: str = Field(description="Id of the price, or the source of a credit")
    fen: int = Field(examples=[8924])
    fee: int = Field(description="The platform's share, fen")
    start: str = Field(description="UTC")
    end: str = Field(description="UTC")
    note: str


class Statement(BaseModel):
    """What a party owes or earns for a month; fen."""

    party: str = Field(examples=["org:root"])
    month: str = Field(examples=["2026-03"])
    charges: int
    corrections: int
    credits: int
    fee: int
    due: int
    sums: dict[str, dict[str, int]] = Field(description="By project, scenario, flavour; fen")
    sha256: str = Field(description="Of the frozen statement; empty for a draft")
    lines: list[BillLine]


class Balance(BaseModel):
    """Where an organisation stands; fen."""

    org: str = Field(examples=["root"])
    wallet: int = Field(description="In the wallet")
    billed: int = Field(description="By issued statements")
    paid: int = Field(description="Of that")
    open: int = Field(description="billed - paid")
    months: list[str] = Field(description="Whose statements are paid", examples=[["2026-03"]])


class UsageRecord(BaseModel):
    """One stretch of one attempt on one pool."""

    id: str = Field(description="Attempt, epoch, sequence", examples=["j1-1/0/0"])
    job: str
    attempt: str
    org: str
    project: str
    scenario: str
    operator: str
    pool: str
    flavour: str
    unit: str = Field(description="card_hour, token, call or gb")
    cards: str = Field(description="Held at a time; a decimal", examples=["8"])
    count: str = Field(description="Of tokens, calls or GB", examples=["0"])
    card_seconds: str = Field(examples=["32160"])
    pflops_hours: str
    start: str = Field(description="UTC")
    end: str = Field(description="UTC")
    proof_start: str = Field(description="What says when it began")
    proof_end: str = Field(description="What says when it ended")
    it_kwh: str = Field(description="At the racks")
    measured: bool = Field(description="By a meter, else estimated")
    pue: str
    facility_kwh: str
    kg_co2: str
    corrects: str = Field(description="The record that it replaces; empty for none")
    why: str


class UsageRecords(Page):
    """A page of usage records, by start."""

    items: list[UsageRecord]


class Programme(BaseModel):
    """A voucher programme in one line; null where its sources state nothing."""

    id: str = Field(examples=["henan-2025"])
    name: Words
    kind: str = Field(description="compute or model")
    region: str
    issuer: str
    percents: list[int] = Field(description="Shares of the cost, percent", examples=[[20]])
    fund_cny: int | None
    fund_per_year_cny: int | None
    entity_per_year_cny: int | None
    entity_total_cny: int | None
    payout: str | None = Field(description="deducted or reimbursed")
    read: list[str] = Field(description="How far sources were read: full, excerpt, recalled")
    version: int = Field(description="At work here; 0 where it is not")
    free: int = Field(description="What may still be granted here, fen")


class Programmes(Page):
    """A page of programmes, by id."""

    items: list[Programme]


class ProgrammeRule(BaseModel):
    """One rule of a programme, and the sources that state it."""

    field: str = Field(examples=["ratio.tiers"])
    text: Words
    sources: list[int] = Field(description="Numbers, from 1", examples=[[1]])


class ProgrammeSource(BaseModel):
    """Where rules come from."""

    document: str
    number: str
    url: str
    read: str = Field(description="full, excerpt or recalled")
    day: str | None


class ProgrammeFund(BaseModel):
    """A year of a programme's money; fen."""

    year: int = Field(examples=[2026])
    fen: int = Field(description="Appropriated")
    free: int = Field(description="Of that may still be granted")


class ProgrammeDetail(Programme):
    """A programme with every rule that it states, and its money."""

    rules: list[ProgrammeRule]
    sources: list[ProgrammeSource]
    funds: list[ProgrammeFund] = Field(description="By year; empty where it does not work here")


class Voucher(BaseModel):
    """A voucher; fen."""

    id: int = Field(examples=[1])
    programme: str
    entity: str = Field(description="Organisation that has it", examples=["root"])
    contract: str
    year: int
    fen: int = Field(description="Its worth")
    left: int = Field(description="What may still be held")
    returned: int = Field(description="Given back to the fund")
    expires: str = Field(description="UTC; empty for no end")
    state: str = Field(description="open, used, lapsed or expired")
    at: str = Field(description="UTC")


class Vouchers(Page):
    """A page of vouchers, by number."""

    items: list[Voucher]


class Hold(BaseModel):
    """Part of a voucher set aside for a job; fen."""

    id: int
    job: str
    supplier: str
    percent: int
    fen: int
    captured: int
    released: int
    state: str = Field(description="open or closed")


class Capture(BaseModel):
    """What a voucher bore of a bill; fen."""

    hold: int
    job: str
    bill: int
    fen: int
    claim: int | None = Field(description="Number of the claim; null before")
    at: str = Field(description="UTC")


class VoucherDetail(Voucher):
    """A voucher with its holds and their use."""

    holds: list[Hold]
    captures: list[Capture]


class Claim(BaseModel):
    """What was used, asked back; fen."""

    id: int = Field(examples=[1])
    programme: str
    payee: str
    contract: str
    fen: int
    clawed: int = Field(description="Taken back by the audit")
    state: str = Field(description="filed, approved, refused, paid, audited or clawed")
    batch: int | None
    why: str
    by: str = Field(description="Who filed it")
    at: str = Field(description="UTC")


class Claims(Page):
    """A page of claims, by number."""

    items: list[Claim]
