"""The least-cost ration against the full NASEM model, hand-worked squares and broken plans."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan
from qianhang.core.spec import Spec
from qianhang.engines import optimise
from qianhang.packs.agriculture.feed_formulation import checker, hand, pack
from qianhang.packs.agriculture.feed_formulation.cow import Cow
from qianhang.packs.agriculture.feed_formulation.library import feeds, library
from qianhang.packs.agriculture.feed_formulation.nutrition import (
    REQUIREMENTS,
    Ration,
    composition,
)

pytestmark = pytest.mark.feed
MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")
OFFER = Inputs({"table": hand.offer()})
LIMITS = {k: float(v) for k, v in MANIFEST.params.items() if k.endswith(("_low", "_high"))}
THERE = {
    "calcium": "Ca", "phosphorus": "P", "magnesium": "Mg", "sodium": "Na", "chlorine": "Cl",
    "potassium": "K", "sulphur": "S", "cobalt": "Co", "copper": "Cu", "iron": "Fe", "iodine": "I",
    "manganese": "Mn", "selenium": "Se", "zinc": "Zn", "vitamin_a": "VitA", "vitamin_d": "VitD",
    "vitamin_e": "VitE",
}  # fmt: skip


def spec(**params: object) -> Spec:
    texts = {k: str(v) for k, v in params.items()}
    return specs.make(MANIFEST, MANIFEST.find_case(), seed=0, params=texts)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return pack.solve(OFFER, spec=spec())


@pytest.mark.parametrize("seed", range(4))
def test_solver_and_published_model_agree_on_random_cows_and_rations(seed: int) -> None:
    """Independent method: the full model of nasem-dairy, figure by figure."""
    rng = np.random.default_rng(seed)
    table = library(OFFER)
    fit = ~table["Fd_Category"].isin(["Calf Liquid Feed", "Pasture"])
    fit &= ~table["Fd_Name"].str.contains("calves")
    always = table["Fd_Name"].isin(["Corn silage, typical", "Legume hay, mid-maturity"])
    chosen = pd.concat([table[always], table[fit & ~always].sample(20, random_state=seed)])
    cow = dict(MANIFEST.params) | {
        "milk": float(rng.uniform(15, 50)), "weight": float(rng.uniform(550, 750)),
        "parity": float(rng.choice([1.0, 2.0])), "days_in_milk": int(rng.integers(20, 300)),
        "days_pregnant": int((0, 60, 200, 260)[seed]), "frame_gain": 0.2 * (seed % 2),
        "reserve_gain": (-0.3, 0.0, 0.2, 0.1)[seed],
    }  # fmt: skip
    dry = rng.dirichlet(np.full(len(chosen), 0.5)) * 22
    ration = Ration(composition(chosen), Cow.of(cow), LIMITS)
    mine = dict(zip(REQUIREMENTS, ration.balance(dry[:, None])[:, 0], strict=True))
    names = chosen["Fd_Name"].tolist()
    full = checker._run(dict(zip(names, dry, strict=True)), table, cow, intake=0).get_value
    theirs = {mine_: full(f"An_{there}_bal") for mine_, there in THERE.items()}
    theirs |= {"energy": full("Trg_MEbal"), "protein": full("An_MPBal_g_Trg")}
    theirs |= {"fibre": (full("An_NDF") - LIMITS["ndf_low"]) * 0.22}
    theirs |= {"degradable_protein": (full("An_RDP") - LIMITS["rdp_low"]) * 0.22}
    for name, value in theirs.items():
        assert mine[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_ration_meets_every_requirement_of_the_full_model_for_less_money(plan: Plan) -> None:
    ours, by_hand = pack.cost(OFFER, plan, spec=spec()), pack.baseline(OFFER, spec=spec())
    assert pack.violations(OFFER, plan, spec=spec()) == []
    assert pack.violations(OFFER, by_hand, spec=spec()) == []
    assert ours < 0.75 * pack.cost(OFFER, by_hand, spec=spec())
    assert plan.gap == pytest.approx(0, abs=1e-9)


def test_whole_solve_takes_under_fifty_milliseconds_of_cpu_when_the_machine_is_free() -> None:
    spent = []
    for _ in range(7):
        began = time.process_time()
        pack.solve(OFFER, spec=spec())
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05


def test_shadow_prices_foretell_what_a_little_more_milk_costs(plan: Plan) -> None:
    """Independent: solve again for 35.02 kg; the prices times the moved limits must say the same."""
    more = spec(milk=35.02)
    real = pack.cost(OFFER, pack.solve(OFFER, spec=more), spec=more)
    dry = np.zeros(len(OFFER.table))
    at = OFFER.table["feed"].tolist()
    for feed, kg in zip(plan.table["feed"], plan.table["dry"], strict=True):
        dry[at.index(feed)] = kg
    held = composition(feeds(OFFER))
    before, after = (
        Ration(held, Cow.of(s.params), LIMITS).balance(dry[:, None])[:, 0] for s in (spec(), more)
    )
    assert plan.prices is not None
    foretold = float(plan.prices["price"].to_numpy() @ (before - after))
    now = pack.cost(OFFER, plan, spec=spec())
    assert real - now == pytest.approx(foretold, rel=0.01)
    assert foretold > 0.01


def test_other_starting_points_lead_to_the_same_cost(plan: Plan) -> None:
    chosen, table = feeds(OFFER), OFFER.table
    dm = chosen["Fd_DM"].to_numpy(float) / 100
    ration = Ration(composition(chosen), Cow.of(spec().params), LIMITS)
    low, high = table["low"].to_numpy() * dm, table["high"].to_numpy() * dm
    scale = np.maximum(np.abs(ration.ledger(high[:, None])[1][:, 0]), 1e-6)
    smooth = optimise.Smooth(table["price"].to_numpy() / dm, ration.balance, low, high, scale)
    rng = np.random.default_rng(0)
    costs = [
        optimise.sequential(smooth, 22 * rng.dirichlet(np.ones(len(low))))[0].cost for _ in range(6)
    ]
    np.testing.assert_allclose(costs, pack.cost(OFFER, plan, spec=spec()), rtol=1e-5)


def test_program_without_the_protein_row_is_cheaper_and_caught_by_the_checker(plan: Plan) -> None:
    """The trap of the simple linear program: energy is met, metabolisable protein is not."""
    chosen, table = feeds(OFFER), OFFER.table
    dm = chosen["Fd_DM"].to_numpy(float) / 100
    ration = Ration(composition(chosen), Cow.of(spec().params), LIMITS)
    keep = [i for i, name in enumerate(REQUIREMENTS) if name != "protein"]
    high = table["high"].to_numpy() * dm
    smooth = optimise.Smooth(
        table["price"].to_numpy() / dm,
        lambda x: ration.balance(x)[keep],
        0 * high,
        high,
        np.ones(len(keep)),
    )
    best, _, _ = optimise.sequential(smooth, high / 2)
    simple = Plan(pd.DataFrame({"feed": table["feed"], "kg": best.x / dm}))
    assert pack.cost(OFFER, simple, spec=spec()) < pack.cost(OFFER, plan, spec=spec())
    broken = pack.violations(OFFER, simple, spec=spec())
    assert any(text.startswith("protein allows") for text in broken)


def changed(plan: Plan, feed: str, kg: float) -> Plan:
    table = plan.table.copy()
    table.loc[table["feed"] == feed, "kg"] = kg
    return replace(plan, table=table)


@pytest.mark.parametrize(
    ("feed", "kg", "says"),
    [("Limestone", 0.0, "Ca: short"), ("Urea", 0.2, "Urea: 0.2 kg"), ("Wheat bran", 0.0, "energy")],
)
def test_checker_catches_broken_plans(plan: Plan, feed: str, kg: float, says: str) -> None:
    broken = pack.violations(OFFER, changed(plan, feed, kg), spec=spec())
    assert any(says in text for text in broken), broken


def test_checker_catches_a_feed_that_was_not_offered_and_an_empty_ration() -> None:
    alien = Plan(pd.DataFrame({"feed": ["Sugar"], "kg": [1.0]}))
    assert pack.violations(OFFER, alien, spec=spec()) == ["Sugar: not in the offer"]
    empty = Plan(pd.DataFrame({"feed": [], "kg": []}))
    assert "the ration is empty" in pack.violations(OFFER, empty, spec=spec())


def test_impossible_cow_is_explained_by_the_needs_that_clash() -> None:
    with pytest.raises(ContractError, match=r"protein.*intake|intake.*protein") as caught:
        pack.solve(OFFER, spec=spec(milk=80))
    assert caught.value.code == "QH141"
    assert "cannot be met together" in caught.value.hint


def test_offer_without_a_premix_names_the_vitamins() -> None:
    table = OFFER.table[~OFFER.table["feed"].str.contains("Premix")].reset_index(drop=True)
    with pytest.raises(ContractError, match=r"vitamin_a 0 against 7.15e\+04 IU/d"):
        pack.solve(Inputs({"table": table}), spec=spec())


@pytest.mark.parametrize(
    ("name", "says"),
    [("Corn silage, tipical", "Corn silage, typical"), ("Pasture, grass", "grazing")],
)
def test_feed_that_cannot_be_used_is_named_with_its_row(name: str, says: str) -> None:
    table = OFFER.table.copy()
    table.loc[0, "feed"] = name
    with pytest.raises(ContractError, match=says) as caught:
        pack.solve(Inputs({"table": table}), spec=spec())
    assert "row 2" in caught.value.message


def test_own_analysis_stands_for_the_library_in_solver_and_checker() -> None:
    """Silage with 6% instead of 7.7% crude protein: dearer, and still right by the full model."""
    table = OFFER.table.assign(cp=np.nan)
    table.loc[0, "cp"] = 6.0
    own = Inputs({"table": table})
    poorer = pack.solve(own, spec=spec())
    assert pack.cost(own, poorer, spec=spec()) > pack.cost(
        OFFER, pack.solve(OFFER, spec=spec()), spec=spec()
    )
    assert pack.violations(own, poorer, spec=spec()) == []


def test_pearson_square_hits_its_protein_by_hand() -> None:
    """Grain 10%, meal 50%, no forage, target 16.5%: 33.5 : 6.5 parts of 9.7 kg."""
    offer = pd.DataFrame({"feed": ["a", "b"], "high": [9.0, 9.0]})
    chosen = pd.DataFrame(
        {
            "Fd_DM": [100, 100],
            "Fd_Type": "Concentrate",
            "Fd_Category": "Energy Source",
            "Fd_CP": [10.0, 50.0],
            "Fd_St": [70.0, 2.0],
        }
    )
    np.testing.assert_allclose(
        hand.square(offer, chosen, appetite=10.0), [9.7 * 33.5 / 40, 9.7 * 6.5 / 40]
    )


def test_offer_without_hand_ration_falls_back_to_the_square() -> None:
    bare = Inputs({"table": OFFER.table.drop(columns="hand")})
    table = pack.baseline(bare, spec=spec()).table
    assert table["dry"].sum() == pytest.approx(0.97 * Cow.of(spec().params).appetite)


def test_sample_is_repeatable_solvable_and_arguments_stay_untouched() -> None:
    first, again = pack.sample(3), pack.sample(3)
    pd.testing.assert_frame_equal(first.table, again.table)
    made = pack.solve(first, spec=spec())
    pd.testing.assert_frame_equal(first.table, again.table)
    pd.testing.assert_frame_equal(made.table, pack.solve(again, spec=spec()).table)
