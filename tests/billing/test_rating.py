"""A record is cut where price or month changes, and rounded once so that its lines sum to it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from qianhang.billing import prices
from qianhang.billing.amount import decimal_text, exact, half_up, shares
from qianhang.billing.pricelist import read_list
from qianhang.billing.prices import Band
from qianhang.billing.rating import rate
from qianhang.core.errors import BillingError

from .shop import START, charge, hours, price, publish, usage

NIGHT = (Band("22:00", "08:00", Decimal("4")),)


def facts(parts):
    return [(p.month, p.quantity, p.yuan, p.fen) for p in parts]


def test_half_a_fen_goes_up():
    assert [half_up(Fraction(n, 2)) for n in (-3, -1, 0, 1, 3, 4)] == [-2, -1, 0, 1, 2, 2]


def test_what_rounding_leaves_goes_to_the_next_part():
    """Thirds of a fen: 0.33, 0.67, 1.00 round to 0, 1, 1, so the parts are 0, 1, 0."""
    assert shares([Fraction(1, 3)] * 3) == [0, 1, 0]
    assert shares([Fraction(1, 2)] * 4) == [1, 0, 1, 0]


def test_exact_amounts_are_read_and_written():
    assert decimal_text(Fraction(2, 3), 4) == "0.6667"
    assert decimal_text(Fraction(1200), 4) == "1200"
    for wrong in (1.5, True, "x", "NaN", None):
        with pytest.raises(ValueError, match="expected a decimal"):
            exact(wrong, "yuan")


def test_eight_cards_for_an_hour_at_ten_yuan_are_eighty_yuan():
    (part,) = rate(usage(), [price(fee=Decimal("0.03"))])
    assert (part.fen, part.fee, part.quantity) == (8000, 240, 8)


def test_a_price_change_cuts_a_running_job_at_its_moment():
    """8 cards: 15 min at 10 yuan = 20.00, 45 min at 12.30 = 73.80."""
    change = START + timedelta(minutes=15)
    parts = rate(usage(), [price(), price("12.30", version="2", since=change)])
    assert [(p.quantity, p.fen) for p in parts] == [(2, 2000), (6, 7380)]
    assert parts[0].end == parts[1].start == change


def test_a_list_that_ends_gives_way_to_the_one_before():
    offer = price("5", version="offer", since=START, until=START + timedelta(minutes=30))
    parts = rate(usage(), [price(), offer])
    assert [p.fen for p in parts] == [2000, 4000]


def test_the_pools_own_price_goes_before_the_operators():
    own = price("7", number=2, pool="pool-a", since=datetime(2025, 1, 1, tzinfo=UTC))
    assert rate(usage(), [price(), own])[0].fen == 5600
    assert rate(usage(pool="pool-b"), [price(), own])[0].fen == 8000


def test_nights_cost_less_by_clocks_in_china_and_are_one_line():
    """From 20:00 for 36 h with one card: days 2 + 14 = 16 h x 10, nights 10 + 10 = 20 h x 4."""
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    parts = rate(usage(start=start, end=start + hours(36), cards=1), [price(bands=NIGHT)])
    assert [(p.quantity, p.yuan, p.fen) for p in parts] == [(16, 10, 16000), (20, 4, 8000)]


def test_a_month_ends_at_midnight_in_china():
    """31 March 23:00 to 1 April 01:00 in China is 15:00 to 17:00 UTC."""
    start = datetime(2026, 3, 31, 15, tzinfo=UTC)
    parts = rate(usage(start=start, end=start + hours(2), cards=1), [price()])
    assert facts(parts) == [("2026-03", 1, 10, 1000), ("2026-04", 1, 10, 1000)]


def test_pflops_hours_are_priced_where_the_list_says_so():
    """8 cards x 313 / 1000 = 2.504 PFlops-h x 3.2 yuan = 8.0128 yuan."""
    (part,) = rate(usage(), [price("3.2", unit="pflops_hour")])
    assert (part.quantity, part.fen) == (Fraction(2504, 1000), 801)


def test_tokens_have_prices_far_below_a_fen():
    """1,234,567 tokens x 0.000002 yuan = 2.469134 yuan."""
    tokens = usage(category="model", unit="token", count=1234567, cards=0, flavour="qwen")
    per_token = price("0.000002", unit="token", category="model", flavour="qwen")
    assert rate(tokens, [per_token])[0].fen == 247


def test_a_moment_without_price_is_named():
    with pytest.raises(BillingError, match=r"QH555.*p1, pool pool-a, ascend910b.*2026-03-02T02:30"):
        rate(usage(), [price(until=START + timedelta(minutes=30))])
    with pytest.raises(BillingError, match="QH555"):
        rate(usage(), [price(category="model"), price(unit="call")])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unit": "hour"}, "unknown"),
        ({"yuan": Decimal(-1)}, "below zero"),
        ({"fee": Decimal("1.1")}, "fee"),
        ({"until": START - hours(9999)}, "ends before"),
        ({"unit": "token", "bands": NIGHT}, "hours of the day"),
        ({"bands": (Band("8", "9", Decimal(1)),)}, "written as"),
        ({"bands": (*NIGHT, Band("07:00", "09:00", Decimal(1)))}, "same time of day"),
    ],
)  # fmt: skip
def test_a_price_that_cannot_be_is_refused(wrong, said):
    with pytest.raises(BillingError, match=f"QH556.*{said}"):
        price(**wrong)


def test_bands_may_fill_the_day_to_its_end():
    parts = (Band("00:00", "08:00", Decimal(1)), Band("08:00", "24:00", Decimal(2)))
    assert price(bands=parts).rate(START) == 2


def test_a_published_list_is_never_changed_nor_reaches_into_what_was_charged(store):
    publish(store, price())
    publish(store, price())
    with pytest.raises(BillingError, match=r"QH556.*another price"):
        publish(store, price("11"))
    with pytest.raises(BillingError, match="begins at the same moment as p1/1/1"):
        publish(store, price("11", version="2"))
    charge(store, usage())
    with pytest.raises(BillingError, match="was charged up to 2026-03-02T03:00"):
        publish(store, price("11", version="2", since=START))
    publish(store, price("11", version="2", since=START + hours(1), bands=NIGHT))
    assert prices.prices(store, operator="p1") == [
        price(), price("11", version="2", since=START + hours(1), bands=NIGHT)
    ]  # fmt: skip


LIST = """
operator = "p1"
version = "2026-1"
since = 2026-01-01T00:00:00+08:00
fee = "0.03"
[[price]]
flavour = "ascend910b"
unit = "card_hour"
yuan = "12.50"
list_yuan = "15"
band = [{begin = "22:00", end = "08:00", yuan = "6.25"}]
[[price]]
flavour = "qwen"
unit = "token"
category = "model"
yuan = "0.000002"
"""


def test_a_list_is_read_from_its_file(tmp_path):
    file = tmp_path / "list.toml"
    file.write_text(LIST, encoding="utf8")
    first, second = read_list(file)
    assert (first.yuan, first.list_yuan, first.fee) == (Decimal("12.50"), 15, Decimal("0.03"))
    assert first.bands == (Band("22:00", "08:00", Decimal("6.25")),)
    assert (first.since, second.id) == (datetime(2025, 12, 31, 16, tzinfo=UTC), "p1/2026-1/2")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('yuan = "12.50"', "yuan = 12.5", "expected a decimal"),
        ('fee = "0.03"', 'tax = "0.03"', "no key 'tax'"),
        ('unit = "token"', 'nit = "token"', "price 2 knows no key 'nit'"),
        ('unit = "token"', "", "'unit' is missing"),
        ("T00:00:00+08:00", "T00:00:00", "with its zone"),
        ("[[price]]", "[[price", "price list"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_says_what_is_wrong(tmp_path, old, new, said):
    file = tmp_path / "list.toml"
    file.write_text(LIST.replace(old, new, 1), encoding="utf8")
    with pytest.raises(BillingError, match=f"QH561.*{said}"):
        read_list(file)
    with pytest.raises(BillingError, match="QH561"):
        read_list(tmp_path / "absent.toml")
