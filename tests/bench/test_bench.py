"""The scripts in bench/ import, and what they compare agrees; nothing is timed here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"
ENGINES = ("forecast", "classify", "survive", "detect", "optimise", "control", "retrieve")


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts see their own folder first, as when they are started."""
    monkeypatch.syspath_prepend(str(BENCH))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name in _names() or name.startswith("peers"):
            del sys.modules[name]


def _names() -> list[str]:
    return sorted(path.stem for path in BENCH.glob("*.py"))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize("name", _names())
def test_every_script_imports_without_starting(name: str) -> None:
    assert load(name).__doc__


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_and_library_give_the_same_on_tiny_input(engine: str) -> None:
    timing, peer = load("timing"), load(f"peers.{engine}")
    for pair in peer.pairs(0.02):
        apart = timing.difference(pair.ours(), pair.theirs())
        assert apart <= max(pair.tolerance, 0.5 if pair.tolerance == 0.05 else 0), pair.name


def test_difference_is_over_the_largest_figure_and_infinite_for_other_shapes() -> None:
    """By hand: |3 - 4| over 4; a vector of two beside one of three cannot be compared."""
    difference = load("timing").difference
    assert difference([0.0, 3.0], [0.0, 4.0]) == 0.25
    assert difference([1.0, 2.0], [1.0, 2.0, 3.0]) == float("inf")


def test_a_wrapper_above_the_goal_stands_in_bold() -> None:
    """By hand: 21 ms over 10 ms is 2.10, above 1.05; the answers are equal."""
    timing, engines = load("timing"), load("engines")
    pair = timing.Pair("e", "n", "p", lambda: 1.0, lambda: 1.0)
    assert engines.cells(timing.Line(pair, 21.0, 10.0, 0.0))[5:8] == ["**2.10**", "±0.00", "0"]
    assert timing.measure(pair).same
