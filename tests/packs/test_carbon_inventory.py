"""The carbon pack: CEADs closes, factors by hand, units, years and bad rows by name."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.charts.chart import Setting
from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import make
from qianhang.data import open_inputs
from qianhang.packs.ecology.carbon_inventory import ceads, pack
from qianhang.packs.ecology.carbon_inventory.ledger import book, items, ledger, measures, province
from qianhang.runs.report.names import teller

MANIFEST = manifests.load(Path(pack.__file__).with_name("pack.toml"))
COLUMNS = ["year", "region", "sector", "item", "amount", "unit"]


def spec(case: str = "own", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


def rows(*lines: tuple[str, float, str], year: int = 2022, region: str = "Henan") -> Inputs:
    held = [(year, region, "industry", item, amount, unit) for item, amount, unit in lines]
    return Inputs({"table": pd.DataFrame(held, columns=COLUMNS)})


def tonnes(*lines: tuple[str, float, str], year: int = 2022, region: str = "Henan", **params: str):
    found = pack.compute(rows(*lines, year=year, region=region), spec=spec(**params))
    return found[found["level"] == "province"]["value"].sum()


@pytest.mark.data
def test_some_years_of_ceads_close_to_a_thousandth_and_baselines_do_not(data_root, tmp_path):
    """Three of the 23 years; the whole is in the runs."""
    frame = pd.read_parquet(data_root / "infra/carbon_ceads/provinces_1997_2019.parquet")
    part = tmp_path / "part.parquet"
    frame[frame["year"].isin([2005, 2017, 2019])].to_parquet(part)
    setting = spec("provinces")
    case = MANIFEST.find_case("provinces")
    inputs = pack.read(open_inputs(MANIFEST, case, data=part).inputs, spec=setting)
    trial = trials.run(pack, inputs, task="formula", case=case, spec=setting)
    for level in ("province", "year", "sector", "fuel"):
        assert trial.scores[f"closure_error_{level}"] < 1e-5
    assert trial.practice["closure_error_year"] > 0.05
    assert trial.trivial["closure_error_year"] > 0.05
    assert trial.tables["years"]["value"].iloc[-1] == pytest.approx(10864, abs=1)


@pytest.mark.parametrize("factors", ["china", "ipcc"])
def test_every_constant_is_called_by_words_in_both_languages(factors):
    """No name, place or state as in code in the tables of constants; and no unit of 1."""
    setting = Setting("constants", titles=MANIFEST.page.titles, tables=MANIFEST.page.tables)
    held = list(pack.constants(spec=spec(factors=factors)))
    assert len(held) > 50
    for one in held:
        given = [text for text in (one.name, one.place, one.verified, one.source) if text]
        found = [setting.value_words(text) for text in given]
        assert None not in found, one
        for words in found:
            assert not re.search(r"[a-z]_|[a-z]\.[a-z]", words.zh + words.en), words
            assert not re.search("[\u3400-\u9fff]", words.en), words
    assert setting.value_words("1").en == "dimensionless"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_parameter_chooses_is_told_in_words(lang):
    tell = teller(MANIFEST, "own", lang)
    for name, value in (("factors", "china"), ("factors", "ipcc"), ("grid", "match")):
        assert value not in tell.choice(name, value)
        assert tell.choice(name, value)
    assert tell.choice("factors", "mine") == ""


def test_a_tonne_of_raw_coal_by_the_chinese_guidelines():
    """By hand: 20.908 GJ/t * 26.1 t C/TJ * 0.93 * 44/12 = 1.8608 t CO2."""
    assert tonnes(("raw_coal", 1.0, "t")) == pytest.approx(
        20.908e-3 * 26.1 * 0.93 * 44 / 12, rel=1e-9
    )


def test_a_tonne_of_diesel_by_the_defaults_of_the_ipcc():
    """By hand: 43.0 GJ/t * 74.1 t CO2/TJ = 3.1863 t CO2."""
    assert tonnes(("diesel_oil", 1.0, "t"), factors="ipcc") == pytest.approx(3.1863, rel=1e-9)


def test_a_cubic_metre_of_gas_by_the_chinese_guidelines():
    """By hand: 38.931 MJ * 15.3 t C/TJ * 0.99 * 44/12 = 2.1622 kg."""
    value = tonnes(("natural_gas", 1000.0, "m3"))
    assert value == pytest.approx(38.931e-3 * 15.3 * 0.99 * 44 / 12, rel=1e-9)


def test_electricity_takes_the_factor_of_its_year_and_province():
    """0.6058 t/MWh in Henan in 2022, 0.6369 in 2021, the nation's 0.5366 where none is known."""
    assert tonnes(("electricity", 1.0, "MWh")) == pytest.approx(0.6058)
    assert tonnes(("electricity", 1.0, "MWh"), year=2021) == pytest.approx(0.6369)
    assert tonnes(("electricity", 1.0, "MWh"), region="Tibet") == pytest.approx(0.5366)
    assert tonnes(("electricity", 3.6, "GJ")) == pytest.approx(0.6058)
    assert province("Inner Mongolia") == province("InnerMongolia") != "Inner Mongolia"


def test_a_year_without_a_grid_factor_is_refused_unless_the_nearest_is_asked_for():
    with pytest.raises(ContractError, match=r"QH106 row 1: electricity .*known for 2021"):
        tonnes(("electricity", 1.0, "MWh"), year=2015)
    assert tonnes(("electricity", 1.0, "MWh"), year=2015, grid="nearest") == pytest.approx(0.6369)


@pytest.mark.parametrize(
    ("amount", "unit"),
    [(1e6, "kg"), (1000.0, "t"), (0.1, "1e4 t"), (20.908e3, "GJ"), (20.908, "TJ")],
)
def test_the_same_coal_in_any_unit_emits_the_same(amount, unit):
    assert tonnes(("raw_coal", amount, unit)) == pytest.approx(1860.8, rel=1e-4)


def test_scopes_levels_and_units_of_the_figures():
    found = pack.compute(
        rows(("raw_coal", 10.0, "t"), ("electricity", 1.0, "MWh"), ("lime", 2.0, "t")), spec=spec()
    )
    by = found.set_index(["level", "scope"])["value"].sort_index()
    assert by["year", "2"].item() == pytest.approx(0.6058)
    lime = found[(found["level"] == "fuel") & (found["item"] == "lime")]
    assert lime["value"].item() == pytest.approx(2 * 0.683)
    for level in ("province", "year", "sector", "fuel"):
        total = found[found["level"] == level]["value"].sum()
        assert total == pytest.approx(18.608 + 0.6058 + 1.366, rel=1e-4)


def test_interval_of_one_row_is_that_of_its_amount_and_constants():
    """By hand: heat, amount 5%, factor 15%: sqrt(0.05^2 + 0.15^2) of the value."""
    found = pack.compute(rows(("heat", 100.0, "GJ")), spec=spec()).iloc[0]
    half = (found["high"] - found["low"]) / 2
    assert half / found["value"] == pytest.approx((0.05**2 + 0.15**2) ** 0.5, rel=1e-6)


def test_recount_by_plain_numbers_agrees_with_the_terms():
    inputs = pack.sample(3)
    trial = trials.run(pack, inputs, task="formula", case=MANIFEST.find_case("own"), spec=spec())
    assert trial.scores["closure_error"] < 1e-9
    assert trial.facts["against"] == "recount"
    both = trial.tables["approaches"]
    assert both["low"].iloc[0] == pytest.approx(both["low"].iloc[1], rel=0.05)


def test_own_factors_stand_instead_of_those_of_the_same_name():
    own = pd.DataFrame(
        {
            "name": ["heat.supply"], "value": [0.06], "unit": ["t CO2/GJ"], "low": [0.05],
            "high": [0.07], "source": ["the heat supplier"], "version": ["2024"],
        }
    )  # fmt: skip
    inputs = rows(("heat", 100.0, "GJ")).replace(factors=own)
    assert pack.compute(inputs, spec=spec())["value"].iloc[0] == pytest.approx(6.0)
    with pytest.raises(ContractError, match="QH105 input factors"):
        pack.compute(inputs.replace(factors=own.drop(columns="source")), spec=spec())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (("raw_coall", 1.0, "t"), "QH107 row 1: item 'raw_coall'"),
        (("raw_coal", 1.0, "barrel"), "QH102 row 1: unit 'barrel'"),
        (("raw_coal", 1.0, "kWh"), "QH102 row 1: raw_coal in kWh"),
        (("heat", 1.0, "t"), "QH102 row 1: heat in t"),
        (("electricity", 1.0, "t"), "QH102 row 1: electricity in t"),
        (("coke", 1.0, "m3"), "QH106 row 1: coke in m3"),
        (("raw_coal", 5e12, "t"), "more than any province"),
    ],
)
def test_a_row_that_cannot_be_reckoned_is_refused_by_its_number(line, says):
    with pytest.raises(ContractError, match=says):
        tonnes(line)


def test_an_unknown_set_of_factors_is_refused():
    with pytest.raises(ContractError, match="expected china or ipcc"):
        tonnes(("lime", 1.0, "t"), factors="epa")


def test_intensity_is_by_head_and_by_gdp_where_they_are_given():
    drivers = pd.DataFrame(
        {"region": ["Henan"], "year": [2022], "population": [1000], "gdp": [1e8]}
    )
    inputs = rows(("lime", 1e4, "t")).replace(drivers=drivers)
    results = pack.compute(inputs, spec=spec())
    found = pack.tables(inputs, results, spec=spec())["intensity"].iloc[0]
    assert found["t_per_head"] == pytest.approx(6.83)
    assert found["t_per_10k_cny"] == pytest.approx(0.683)


def test_every_fuel_has_all_it_needs_in_both_sets_and_every_constant_its_source():
    for name in ("china", "ipcc"):
        held = book(spec(factors=name))
        for item in {i for i in items().values() if i.group in ("coal", "oil", "gas")}:
            made = ledger(rows((item.name, 1.0, "t")).table, constants=held, spec=spec())
            assert 0.3 < made.co2.values()[0] < 4.5
        assert all(c.source and c.version for c in held)


def test_units_of_each_base_are_multiples_of_one():
    assert measures()["kwh"] == ("MWh", 0.001)
    assert {base for base, _ in measures().values()} == {"t", "m3", "MWh", "GJ", "tce", "t CO2"}


def test_own_activity_with_chinese_headers_is_read(tmp_path):
    lines = ["年份,地区,行业,品种,数量,单位", "2022,河南省郑州市,工业,原煤,1,万吨"]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="gbk")
    opened = open_inputs(MANIFEST, MANIFEST.find_case("own"), data=tmp_path / "a.csv").inputs
    found = pack.compute(pack.read(opened, spec=spec()), spec=spec())
    assert found["value"].iloc[0] == pytest.approx(18608, rel=1e-4)


def test_a_parquet_file_that_is_no_ceads_table_is_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ContractError, match="QH103"):
        ceads.read(tmp_path / "x.parquet")
    table = pd.DataFrame({"year": [2019], "province": ["X"], "sector": ["Y"], "Peat": [1.0]})
    table.assign(Scope_1_Total=1.0).to_parquet(tmp_path / "y.parquet")
    with pytest.raises(ContractError, match="QH107"):
        ceads.read(tmp_path / "y.parquet")
