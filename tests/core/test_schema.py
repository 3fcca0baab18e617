"""Closed schemas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest

from qianhang.core import schema
from qianhang.core.errors import PackError


@dataclass(frozen=True, slots=True)
class Inner:
    size: float
    kind: Literal["small", "large"] = "small"


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: tuple[Inner, ...] = ()
    named: dict[str, Inner] = field(default_factory=dict)
    either: str | tuple[str, ...] = ""
    maybe: Inner | None = None


def read(data: object) -> Outer:
    return schema.read(Outer, data, where="x.toml")


def test_nested_tables_become_nested_values():
    found = read({"name": "a", "inner": [{"size": 2}], "named": {"b": {"size": 1.5}}})
    assert found.inner == (Inner(2.0),)
    assert found.named["b"].size == 1.5
    assert found.either == ""


def test_text_or_list_takes_both():
    assert read({"name": "a", "either": "one"}).either == "one"
    assert read({"name": "a", "either": ["one", "two"]}).either == ("one", "two")


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ({"name": "a", "inne": []}, ["x.toml", "'inne'", "did you mean inner"]),
        ({}, ["x.toml", "'name'", "missing"]),
        ({"name": 3}, ["x.toml name", "found 3", "expected text"]),
        ({"name": "a", "inner": [{"size": "big"}]}, ["inner[0] size", "'big'", "a number"]),
        ({"name": "a", "inner": [{"size": 1, "kind": "larg"}]}, ["'larg'", "did you mean 'large'"]),
        ({"name": "a", "inner": {"size": 1}}, ["inner", "expected a list"]),
        ({"name": True}, ["found True", "expected text"]),
        ({"name": "a", "maybe": {"sise": 1}}, ["maybe", "'sise'", "did you mean size"]),
    ],
)
def test_wrong_data_name_file_key_found_and_allowed(data: object, parts: list[str]):
    with pytest.raises(PackError) as caught:
        read(data)
    for part in parts:
        assert part in str(caught.value)


def test_a_boolean_is_not_a_number():
    with pytest.raises(PackError, match="expected a number"):
        read({"name": "a", "inner": [{"size": True}]})
