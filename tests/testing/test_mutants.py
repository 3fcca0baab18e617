"""Packs spoilt on purpose: the suite has to catch each of them, by the check named beside it.

Each mutant is a generated pack with one text of one file replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from qianhang.core.errors import PackError
from qianhang.core.pack import load_pack
from qianhang.testing import CHECKS, Subject, run_check, write_pack


@dataclass(frozen=True)
class Mutant:
    """task, file, old text, new text, the check that must fail."""

    name: str
    task: str
    file: str
    old: str
    new: str
    caught_by: str


MUTANTS = (
    Mutant(
        "answers depend on the clock", "classify", "pack.py",
        "    risk = model.predict_proba", "    import time\n    time.time()\n    risk = model.predict_proba",
        "imports_are_clean",
    ),
    Mutant(
        "talks to the network", "classify", "pack.py",
        "import numpy as np\n", "import urllib.request\n\nimport numpy as np\n", "imports_are_clean",
    ),
    Mutant(
        "reaches into the store", "survive", "pack.py",
        "import numpy as np\n", "import numpy as np\nimport qianhang.store\n", "imports_are_clean",
    ),
    Mutant(
        "imports a heavy library at the top", "optimise", "pack.py",
        "import numpy as np\n", "import numpy as np\nimport sklearn.linear_model\n",
        "imports_are_clean",
    ),
    Mutant(
        "sample without its seed", "classify", "pack.py",
        "np.random.default_rng(seed)", "np.random.default_rng()", "sample_repeats",
    ),
    Mutant(
        "the same sample for every seed", "survive", "pack.py",
        "np.random.default_rng(seed)", "np.random.default_rng(1)", "sample_repeats",
    ),
    Mutant(
        "sample outside its own contract", "classify", "pack.py",
        "rng.uniform(20, 110, 400)", "rng.uniform(20, 400, 400)", "sample_keeps_the_contract",
    ),
    Mutant(
        "a sample of other materials than the contract knows", "optimise", "pack.toml",
        'material = { kind = "text" }', 'material = { values = ["A", "B"] }',
        "sample_keeps_the_contract",
    ),
    Mutant(
        "does nothing better than its baseline", "classify", "pack.py",
        "    risk = model.predict_proba(rows[_FEATURES].to_numpy())[:, 1]\n",
        "    risk = 0.3\n", "beats_its_baseline",
    ),
    Mutant(
        "draws random numbers of its own", "classify", "pack.py",
        "return pd.Series(risk, index=rows.index)",
        "return pd.Series(risk * np.random.default_rng().uniform(0.9, 1, len(rows)), index=rows.index)",
        "same_answer_twice",
    ),
    Mutant(
        "changes the training table", "classify", "pack.py",
        "    return Logistic()",
        '    train["load"] = train["load"] * 2\n    return Logistic()', "arguments_stay_untouched",
    ),
    Mutant(
        "changes the rows that it is asked about", "survive", "pack.py",
        "    X = rows[_FEATURES].to_numpy()",
        '    rows["load"] = 0.0\n    X = rows[_FEATURES].to_numpy()', "arguments_stay_untouched",
    ),
    Mutant(
        "remembers in the module, not in the model", "classify", "pack.py",
        "    risk = model.predict_proba(rows[_FEATURES].to_numpy())[:, 1]\n",
        "    risk = model.predict_proba(rows[_FEATURES].to_numpy())[:, 1] * _STATE.get('scale', 0.5)\n"
        "    _STATE['scale'] = 1.0\n",
        "model_survives_a_fresh_process",
    ),
    Mutant(
        "leans on the order of the rows", "classify", "pack.py",
        "return pd.Series(risk, index=rows.index)",
        "return pd.Series(risk * np.linspace(0.99, 1, len(rows)), index=rows.index)",
        "row_order_does_not_matter",
    ),
    Mutant(
        "a plan that breaks the wanted strength", "optimise", "pack.py",
        'amount * float(spec.params["strength"])]),', 'amount * 0.7 * float(spec.params["strength"])]),',
        "plan_is_feasible",
    ),
    Mutant(
        "a plan dearer than the baseline", "optimise", "pack.py",
        'cost=rows["price"].to_numpy(float),', 'cost=-rows["price"].to_numpy(float),',
        "plan_is_feasible",
    ),
    Mutant(
        "a checker that sees nothing", "optimise", "pack.py",
        "    return found\n\n\ndef baseline", "    return []\n\n\ndef baseline",
        "checker_catches_broken_plans",
    ),
    Mutant(
        "risk below its floor", "classify", "pack.toml",
        'risk    = "limited"\nsubject = "thing"', 'risk    = "minimal"\nsubject = "person"',
        "risk_is_at_its_floor",
    ),
    Mutant(
        "a forbidden use", "classify", "pack.toml",
        'subject = "thing"\npurpose = "thing"', 'subject = "person"\npurpose = "crime_prediction"',
        "risk_is_at_its_floor",
    ),
    Mutant(
        "a random split although rows have a time", "classify", "pack.toml",
        '[columns]\n', '[columns]\nday = { role = "time", required = false }\n', "split_is_not_random",
    ),
    Mutant(
        "covers a system that no plan names", "survive", "pack.toml",
        "covers  = []", 'covers  = ["M999"]', "manifest_is_whole",
    ),
    Mutant(
        "feeds an indicator with a figure that no run has", "classify", "pack.toml", "covers  = []",
        'covers  = []\n'
        'feeds = [{ indicator = { zh = "故障识别准确率", en = "faults found" }, figure = "accuracy", '
        'unit = "1", words = ["故障 识别"] }]',
        "feeds_are_figures_of_its_runs",
    ),
    Mutant(
        "feeds an indicator in another unit than the figure has", "classify", "pack.toml", "covers  = []",
        'covers  = []\n'
        'feeds = [{ indicator = { zh = "故障识别准确率", en = "faults found" }, figure = "auroc", '
        'unit = "%", words = ["故障 识别"] }]',
        "feeds_are_figures_of_its_runs",
    ),
    Mutant(
        "feeds an indicator whose words do not mean it", "classify", "pack.toml", "covers  = []",
        'covers  = []\n'
        'feeds = [{ indicator = { zh = "故障识别准确率", en = "faults found" }, figure = "auroc", '
        'unit = "1", words = ["供热 能耗"] }]',
        "feeds_are_figures_of_its_runs",
    ),
    Mutant(
        "a number without a unit", "classify", "pack.toml",
        'load        = { unit = "%", low', "load        = { low", "manifest_is_whole",
    ),
    Mutant(
        "no README line on one's own data", "survive", "README.md", "--data", "with data",
        "manifest_is_whole",
    ),
    Mutant(
        "pack.py too long", "optimise", "pack.py", "import numpy as np\n",
        "import numpy as np\n" + "# long\n" * 80, "manifest_is_whole",
    ),
    Mutant(
        "a widget whose table no trial gives", "classify", "pack.toml",
        '"calibration:calibration"', '"heat:of_the_moment"', "every_widget_renders",
    ),
    Mutant(
        "a column shown under its bare identifier", "optimise", "pack.toml",
        'material = { zh = "原料", en = "material" }\n', "", "every_widget_renders",
    ),
    Mutant(
        "a protected column that nobody looks at", "classify", "pack.toml",
        'temperature = { unit', 'temperature = { role = "protected", unit', "worst_group_is_shown_and_held",
    ),
    Mutant(
        "the same rows on both sides of the split", "survive", "pack.py",
        "    return Inputs({\"table\": table})",
        "    return Inputs({\"table\": pd.concat([table, table.iloc[:40]], ignore_index=True)})",
        "nothing_crosses_the_split",
    ),
    Mutant(
        "looks at the future of the readings", "detect", "pack.py",
        "    hour = inputs.table.index.hour.to_numpy()\n    excess = inputs.table[\"flow\"].to_numpy() - np.array(model.level)[hour]",
        "    hour = inputs.table.index.hour.to_numpy()\n    excess = inputs.table[\"flow\"].to_numpy() - np.array(model.level)[hour]\n"
        "    excess = excess - excess.mean() - 0.5 * np.roll(excess, -24)",
        "alarms_do_not_look_ahead",
    ),
    Mutant(
        "cites what is not in force", "retrieve", "pack.py",
        "return rows.assign(**printed, searched=rows[\"text\"], in_force=True)",
        "return rows.assign(**printed, searched=rows[\"text\"], in_force=[n % 2 == 0 for n in range(len(rows))])",
        "answers_cite_passages_in_force",
    ),
    Mutant(
        "answers anything at all", "retrieve", "pack.py",
        "    return model.answer(question, most=int(spec.params[\"hits\"]))",
        "    from qianhang.core.results import Hit\n\n    return Answer((Hit(\"P1\", 1.0, \"P1\", \"yes\"),))",
        "answers_cite_passages_in_force",
    ),
    Mutant(
        "an estimate outside its own band", "spatial", "pack.py",
        '"high": found.high}', '"high": found.estimate - 1.0}', "beats_its_baseline",
    ),
    Mutant(
        "estimates that lean on the order of the points", "spatial", "pack.py",
        '{"estimate": found.estimate, **band}',
        '{"estimate": found.estimate - found.sd * np.linspace(0, 0.2, len(points)), **band}',
        "row_order_does_not_matter",
    ),
    Mutant(
        "a random split although samples have a place", "spatial", "pack.toml",
        'kind   = "spatial_block"', 'kind   = "none"', "split_is_not_random",
    ),
    Mutant(
        "one sample twice at one place", "spatial", "pack.py",
        "    value = (hill", "    x[1], y[1] = x[0], y[0]\n    value = (hill",
        "nothing_crosses_the_split",
    ),
    Mutant(
        "estimates that are no better than the nearest sample", "spatial", "pack.py",
        "    found = model.predict(points[_PLACE].to_numpy(float))\n    band",
        "    import dataclasses\n\n"
        "    found = model.predict(points[_PLACE].to_numpy(float))\n"
        "    found = dataclasses.replace(found, estimate=found.low)\n    band",
        "beats_its_baseline",
    ),
    Mutant(
        "constants without a source", "formula", "pack.py",
        '"source": "name the source here"', '"source": " "', "every_constant_has_its_source",
    ),
    Mutant(
        "a sum that forgets its last row", "formula", "pack.py",
        "rows = constants(spec=spec), inputs.table\n", "rows = constants(spec=spec), inputs.table.iloc[:-1]\n",
        "figures_follow_their_units",
    ),
    Mutant(
        "figures without a unit", "formula", "pack.py",
        '**band, "unit": "GJ"})', '**band, "unit": ""})', "figures_follow_their_units",
    ),
    Mutant(
        "an interval beside its figure", "formula", "pack.py",
        '"low": value - half', '"low": value + half', "figures_follow_their_units",
    ),
    Mutant(
        "one factor for every fuel", "formula", "pack.py",
        "used = np.array([[place[fuel]] for fuel in rows[\"fuel\"].astype(str)])",
        "used = np.array([[2] for fuel in rows[\"fuel\"].astype(str)])", "beats_its_baseline",
    ),
    Mutant(
        "no better than yesterday", "forecast", "pack.py",
        "    return pd.DataFrame(band, index=ahead.index)",
        "    return pd.DataFrame({k: 900.0 + 0 * v for k, v in band.items()}, index=ahead.index)",
        "beats_its_baseline",
    ),
    Mutant(
        "spoils the history that it is given", "forecast", "pack.py",
        "    recent = history.iloc[-60 * 24 :]",
        "    history.iloc[:, 0] = 0.0\n    recent = history.iloc[-60 * 24 :]",
        "arguments_stay_untouched",
    ),
    Mutant(
        "a simulator with dice of its own", "control", "pack.py",
        "        power = float(np.clip(float(action), 0.0, 120.0))",
        "        power = float(np.clip(float(action) + np.random.default_rng().normal(), 0.0, 120.0))",
        "same_answer_twice",
    ),
    Mutant(
        "a controller that wastes heat", "control", "pack.py",
        "    return model.start()", "    return partial(_constant, 119.0)", "beats_its_baseline",
    ),
    Mutant(
        "learns the answer from the label column", "classify", "pack.py",
        '_FEATURES = ["load", "temperature"]', '_FEATURES = ["load", "temperature", "fault"]',
        "beats_its_baseline",
    ),
)  # fmt: skip


def spoil(mutant: Mutant, folder: Path) -> Path:
    place = write_pack(folder, industry="industry", name="thing", task=mutant.task)
    path = place / mutant.file
    text = path.read_text(encoding="utf8")
    assert mutant.old in text, f"{mutant.name}: the text to spoil is not there"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf8")
    if "_STATE" in mutant.new:
        path.write_text(
            path.read_text(encoding="utf8").replace("_FEATURES =", "_STATE = {}\n_FEATURES =", 1),
            encoding="utf8",
        )
    return place


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "_"))
def test_the_suite_catches(mutant: Mutant, tmp_path: Path):
    subject = Subject.of(load_pack(spoil(mutant, tmp_path)))
    check = next(c for c in CHECKS if c.__name__ == mutant.caught_by)
    found = run_check(check, subject)
    assert found.state == "failed", f"{mutant.caught_by} says {found.state} {found.detail}"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('task    = "classify"', 'task    = "clasify"', "did you mean 'classify'"),
        ("event_min = 20", "event_minn = 20", "did you mean event_min"),
        ('unit = "degC"', 'unit = "degc"', "did you mean 'degC'"),
        ("low = -40, high = 150", "low = 150, high = -40", "low 150 is not below high -40"),
        ("folds = 5", 'folds = "five"', "expected a whole number"),
        ("[[case.bar]]\nmetric   = \"auroc\"\nat_least = 0.7", "[[case.bar]]\nmetric   = \"auroc\"", "at_most or at_least"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_refused_with_file_key_and_nearest_name(tmp_path, old, new, says):
    place = write_pack(tmp_path, industry="industry", name="thing", task="classify")
    path = place / "pack.toml"
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    with pytest.raises(PackError) as caught:
        load_pack(place)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("case", "state"), [("", "passed"), ("synthetic = true\n", "failed")])
def test_an_indicator_is_fed_by_a_pack_that_can_run_on_real_data(tmp_path, case, state):
    place = write_pack(tmp_path, industry="industry", name="thing", task="classify")
    path = place / "pack.toml"
    feed = (
        '[[feeds]]\nindicator = { zh = "故障识别准确率", en = "faults found" }\n'
        'figure = "auroc"\nunit = "1"\nwords = ["故障 识别"]\n\n'
    )
    text = path.read_text(encoding="utf8").replace("[[case]]\n", f"{feed}[[case]]\n{case}")
    path.write_text(text, encoding="utf8")
    check = next(c for c in CHECKS if c.__name__ == "feeds_are_figures_of_its_runs")
    assert run_check(check, Subject.of(load_pack(place))).state == state
