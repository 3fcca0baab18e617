"""Amounts as Kubernetes writes them."""

import pytest

from qianhang.compute.drivers.kubernetes.quantity import quantity


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("100m", 0.1),
        ("8", 8),
        (8, 8),
        ("16Gi", 17179869184),
        ("128974848", 128974848),
        ("129e6", 129000000),
        ("1.5Mi", 1572864),
        ("2k", 2000),
        ("1E", 1e18),
        ("0", 0),
    ],
)
def test_an_amount_is_read(said, amount):
    assert quantity(said) == amount


@pytest.mark.parametrize("said", ["", "x", "1 Gi", "1Qi", "--1", "1e999", "nan", None])
def test_what_is_no_amount_is_refused(said):
    with pytest.raises(ValueError, match="quantity"):
        quantity(said)
