"""Sums of products with shared constants: errors by hand, years, places, closure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.formula import Book, Constant, Terms, closure

SAID = {"source": "a handbook", "version": "2006"}


def constant(name: str, value: float, share: float = 0.0, **more: object) -> Constant:
    limits = {"low": value * (1 - share), "high": value * (1 + share)}
    return Constant(name, value, "t/t", **limits, **SAID, **more)


def terms(errors: tuple[float, float] = (0.0, 0.0), used: object = ((0,), (0,))) -> Terms:
    held = (constant("a", 2.0, 0.1), constant("b", 3.0, 0.2))
    return Terms(np.array([10.0, 5.0]), np.array(errors), held, np.array(used), np.ones(2))


def test_terms_are_products_and_groups_their_sums():
    """By hand: 10 * 2 and 5 * 2 * 3."""
    made = terms(used=((0, -1), (0, 1)))
    assert made.values().tolist() == [20.0, 30.0]
    assert made.totals([0, 1], 2).tolist() == [20.0, 30.0]
    assert made.totals([0, 0], 1).tolist() == [50.0]


def test_an_error_that_two_terms_share_adds_up_and_one_that_they_do_not_in_squares():
    """By hand: shared 10% of 30 is 3; apart sqrt((0.1 * 20)^2 + (0.2 * 15)^2) = sqrt(13)."""
    assert terms().approach1([0, 0], 1)[0] == pytest.approx(3.0)
    assert terms(used=((0,), (1,))).approach1([0, 0], 1)[0] == pytest.approx(np.sqrt(13.0))


def test_relative_errors_of_amount_and_constant_combine_as_in_equation_3_1():
    """By hand: sqrt(0.1^2 + 0.24^2) = 0.26 of 20."""
    one = Terms(
        np.array([10.0]), np.array([0.24]), (constant("a", 2.0, 0.1),), np.array([[0]]), np.ones(1)
    )
    assert one.approach1([0], 1)[0] == pytest.approx(0.26 * 20)


def test_monte_carlo_agrees_with_propagation_where_errors_are_small():
    made = terms(errors=(0.05, 0.08), used=((0, -1), (0, 1)))
    half = made.approach1([0, 0], 1)[0]
    low, high = made.approach2([0, 0], 1, draws=20000, seed=0)
    assert (high[0] - low[0]) / 2 == pytest.approx(half, rel=0.04)


def test_monte_carlo_keeps_limits_that_lean_to_one_side():
    """Independent: one constant alone, whose own limits are the answer."""
    lean = Constant("lean", 10.0, "t", low=9.5, high=14.0, **SAID)
    made = Terms(np.ones(1), np.zeros(1), (lean,), np.array([[0]]), np.ones(1))
    low, high = made.approach2([0], 1, draws=20000, seed=1)
    assert low[0] == pytest.approx(9.5, abs=0.05)
    assert high[0] == pytest.approx(14.0, abs=0.15)


def test_each_constant_says_what_leans_on_it():
    """By hand: all 30 t lean on a, whose 10% are 3 t; nothing leans on b."""
    lines = {c.name: (amount, half) for c, amount, half in terms().sources()}
    assert lines["a"] == pytest.approx((30.0, 3.0))
    assert lines["b"] == (0.0, 0.0)


def test_a_constant_is_found_for_its_year_and_its_place_before_everywhere():
    book = Book.of(
        [
            constant("grid", 0.6, first=2021, last=2021),
            constant("grid", 0.5, first=2022, last=2022),
            constant("grid", 0.7, first=2021, last=2021, place="Henan"),
        ]
    )
    assert book.find("grid", year=2021, place="Henan").value == 0.7
    assert book.find("grid", year=2022, place="Henan").value == 0.5
    with pytest.raises(LookupError, match="known for 2021-2021, 2022-2022"):
        book.find("grid", year=2030)
    with pytest.raises(LookupError, match="no such constant"):
        book.find("gird", year=2021)


def test_own_constants_stand_instead_of_those_of_the_same_name():
    book = Book.of([constant("a", 1.0), constant("b", 2.0)]).replaced([constant("a", 9.0)])
    assert {c.name: c.value for c in book} == {"a": 9.0, "b": 2.0}


def test_two_constants_for_one_year_are_refused():
    with pytest.raises(ValueError, match="one year"):
        Book.of([constant("a", 1.0, last=2020), constant("a", 2.0, first=2020)])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a,2,t/t,1,3,,v,,,,recalled", "source"),
        ("a,2,t/t,3,4,s,v,,,,recalled", "outside its limits"),
        ("a,two,t/t,1,3,s,v,,,,recalled", "two"),
        ("a,2,t/t,1,3,s,v,2022,2021,,recalled", "years"),
        ("a,2,t/t,1,3,s,v,,,,guessed", "verified"),
        ("a,,t/t,1,3,s,v,,,,recalled", "value"),
    ],
)
def test_a_line_that_is_no_constant_is_refused_by_its_number(line, says):
    head = "name,value,unit,low,high,source,version,first,last,place,verified\n"
    with pytest.raises(ValueError, match=rf"line 2.*{says}"):
        Book.read(head + line)


def test_closure_is_the_relative_difference_key_by_key():
    """By hand: 101 beside 100 is off by 1%; what was not found at all by the whole."""
    found = pd.DataFrame({"place": ["a", "b"], "value": [101.0, 50.0], "unit": "t"})
    published = pd.DataFrame({"place": ["a", "b", "c"], "value": [100.0, 50.0, 10.0]})
    errors = closure(found, published).set_index("place")["error"]
    assert errors.to_dict() == pytest.approx({"a": 0.01, "b": 0.0, "c": 1.0})


def test_closure_refuses_tables_without_a_common_key_and_keys_that_come_twice():
    one = pd.DataFrame({"place": ["a", "a"], "value": [1.0, 2.0]})
    with pytest.raises(ValueError, match="no key"):
        closure(one.rename(columns={"place": "town"}), one)
    with pytest.raises(ValueError, match="one key"):
        closure(one, one)
