"""Bills as FOCUS rows: the columns of the FinOps Open Cost and Usage Specification, version 1.2.

Names, allowed values and which column may be empty were read in the specification's own sources
(github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, specification/columns). 1.3 renames
ProviderName and PublisherName, which 1.2 still asks for. Costs before rounding carry twelve
decimals; BilledCost and EffectiveCost are the yuan and fen of the bill. There are no commitment
discounts: their columns stay empty.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import TextIO

from qianhang.billing.amount import decimal_text, yuan
from qianhang.billing.lines import Line, lines
from qianhang.billing.moment import Where
from qianhang.billing.month import span

__all__ = ["COLUMNS", "VERSION", "Names", "rows", "write"]

VERSION = "1.2"
_PLACES = 12
_SERVICE = {
    "compute": ("Compute", "Other (Compute)", "Accelerated Compute"),
    "model": ("AI and Machine Learning", "Generative AI", "Model Calls"),
    "storage": ("Storage", "Other (Storage)", "Storage"),
    "network": ("Networking", "Data Transfer", "Data Transfer"),
}
# price unit -> unit of pricing, unit of consumption, how many of the second make one of the first
_UNITS = {
    "card_hour": ("Card-Hours", "Card-Seconds", 3600),
    "pflops_hour": ("PFlops-Hours", "PFlops-Hours", 1),
    "token": ("Tokens", "Tokens", 1),
    "call": ("Calls", "Calls", 1),
    "gb": ("GB", "GB", 1),
}
COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity",
    "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
    "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId",
    "SubAccountId", "SubAccountName", "SubAccountType", "Tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What rows call things beside their ids; an id stands where there is no name.

    issuer : who sends the bill; regions : pool -> id and name of its region
    """

    issuer: str = "qianhang"
    orgs: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def rows(
    where: Where, month: str, *, org: str = "", names: Names | None = None
) -> Iterator[dict[str, str]]:
    """One row a line of the month's bills, of one organisation where given; "" is null."""
    span(month)
    known = names or Names()
    for line in lines(where, month=month, org=org):
        yield _row(line, known)


def write(stream: TextIO, every: Iterable[Mapping[str, str]]) -> int:
    """How many rows were written as CSV, the columns in their order."""
    sheet = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
    sheet.writeheader()
    count = 0
    for row in every:
        sheet.writerow(row)
        count += 1
    return count


def _row(line: Line, names: Names) -> dict[str, str]:
    billed = str(yuan(line.fen))
    start, end = span(line.month)
    operator = names.operators.get(line.operator, line.operator)
    category, kind, service = _SERVICE[line.category]
    region = names.regions.get(line.pool, ("", ""))
    said = dict.fromkeys(COLUMNS, "") | {
        "BilledCost": billed, "BillingAccountId": line.org,
        "BillingAccountName": names.orgs.get(line.org, line.org),
        "BillingAccountType": "Organisation", "BillingCurrency": "CNY",
        "BillingPeriodStart": _utc(start), "BillingPeriodEnd": _utc(end),
        "ChargeCategory": "Credit" if line.kind == "credit" else "Usage",
        "ChargeClass": _class(line), "ChargeDescription": _describe(line),
        "ChargeFrequency": "One-Time" if line.kind == "credit" else "Usage-Based",
        "ChargePeriodStart": _utc(line.start), "ChargePeriodEnd": _utc(line.end),
        "EffectiveCost": billed, "InvoiceId": f"org:{line.org}:{line.month}",
        "InvoiceIssuerName": names.issuer, "PricingCurrency": "CNY", "ProviderName": names.issuer,
        "PublisherName": operator, "RegionId": region[0], "RegionName": region[1],
        "ServiceCategory": category, "ServiceName": service, "ServiceSubcategory": kind,
        "SubAccountId": line.project, "SubAccountName": line.project,
        "SubAccountType": "Project" if line.project else "", "Tags": _tags(line),
    }  # fmt: skip
    return said | (_credit(line) if line.kind == "credit" else _usage(line))


def _usage(line: Line) -> dict[str, str]:
    pricing, consumed, many = _UNITS[line.unit]
    quantity = Fraction(line.quantity)
    return {
        "ConsumedQuantity": _number(quantity * many), "ConsumedUnit": consumed,
        "ContractedCost": _number(line.contract_fen / 100),
        "ContractedUnitPrice": _number(Fraction(line.yuan)),
        "ListUnitPrice": _number(Fraction(line.list_yuan)),
        "ListCost": _number(line.list_fen / 100), "PricingCategory": "Standard",
        "PricingQuantity": _number(quantity), "PricingUnit": pricing,
        "ResourceId": line.pool, "ResourceName": line.pool, "ResourceType": "Pool",
        "SkuId": f"{line.operator}/{line.flavour}", "SkuMeter": line.unit,
        "SkuPriceDetails": json.dumps({"Flavour": line.flavour}, ensure_ascii=False),
        "SkuPriceId": line.price,
    }  # fmt: skip


def _number(value: Fraction) -> str:
    """Decimal digits, a point always: some readers take 80 for no decimal."""
    text = decimal_text(value, _PLACES)
    return text if "." in text else f"{text}.0"


def _credit(line: Line) -> dict[str, str]:
    """A credit's costs are its amount; it has neither quantity nor price."""
    amount = str(yuan(line.fen))
    return {"ContractedCost": amount, "ListCost": amount, "ResourceId": line.pool}


def _class(line: Line) -> str:
    """Empty within the month's own bill, as the specification has it."""
    return "Correction" if line.month != line.own_month else ""


def _describe(line: Line) -> str:
    what = {"usage": line.flavour, "back": f"{line.flavour}, taken back", "credit": line.price}
    return ", ".join(part for part in (what[line.kind], line.usage, line.note) if part)


def _tags(line: Line) -> str:
    tags = {"scenario": line.scenario, "usage": line.usage}
    return json.dumps({k: v for k, v in tags.items() if v}, ensure_ascii=False, sort_keys=True)


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
