"""`qianhang voucher` from the fund to the audit, and what it says of bad input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qianhang.cli.voucher import voucher_command
from qianhang.core.errors import QianhangError

HANDBOOK = (Path(__file__).parents[2] / "docs/handbook.md").read_text("utf8")
SECTION = HANDBOOK.split("## 算力券 Vouchers")[1]
FACTS = SECTION.split("```toml\n")[1].split("```")[0]


@pytest.fixture
def run(home, tmp_path):
    """run(words) -> what the command printed, as JSON where it is."""
    (tmp_path / "facts.toml").write_text(FACTS, "utf8")

    def call(*words):
        words = [str(tmp_path / w) if str(w).endswith(".toml") else str(w) for w in words]
        done = CliRunner().invoke(voucher_command, words)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return json.loads(done.output) if "--json" in words else done.output

    return call


def test_the_story_of_the_handbook_runs(run):
    """By hand: 30% of 18,000 yuan is 5,400; the contract of 100,000 would bear 30,000."""
    by = ("--by", "li", "--json")
    assert run("fund", "qingyang-2024", "1000000", *by) == {"fund": 100_000_000}
    assert run("grant", "qingyang-2024", "facts.toml", "--key", "g1", *by) == {"grant": 1}
    assert run("grant", "qingyang-2024", "facts.toml", "--key", "g1", *by) == {"grant": 1}
    assert run("hold", 1, "facts.toml", "--bill", "compute=20000", "--job", "j1", *by) == {
        "hold": 1
    }
    assert run("capture", 1, "--bill", "compute=18000", "--last", *by) == {"captured": 540_000}
    assert run("claim", "qingyang-2024", "facts.toml", *by) == {"claim": 1}
    assert run("settle", "gather", "qingyang-2024", *by) == {"batch": 1}
    assert run("settle", "review", 1, "--by", "wang", "--json") == {"approved": 540_000}
    assert run("settle", "pay", 1, "--by", "sun", "--json") == {"paid": 540_000}
    done = run("settle", "audit", 1, "--claw", "1=120.50:未使用", "--by", "zhao", "--json")
    assert done == {"taken_back": 12_050}
    assert run("check", "--json") == []
    assert run("list", "funds", "--json")[0]["free_fen"] == 100_000_000 - 3_000_000
    assert [h["state"] for h in run("list", "holds", "--json")] == ["closed"]


def test_programmes_are_listed_and_shown_in_both_languages(run, monkeypatch):
    assert "qingyang-2024  庆阳市“东数西算”算力券  30%  每年 100,000,000 元" in run("programmes")
    monkeypatch.setenv("QIANHANG_LANG", "en")
    assert "least amount, CNY: 5,000 [1]" in run("show", "qingyang-2024")
    assert "not stated: status" in run("show", "qingyang-2024")
    assert run("show", "beijing-2023", "--json")["rules"]["fund.total_cny"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "hangzhou"), "QH572", "voucher programme 'hangzhou' does not exist"),
        (("fund", "qingyang-2024", "ten", "--by", "li"), "QH580", "fund: found 'ten'"),
        (("fund", "qingyang-2024", "1.005", "--by", "li"), "QH580", "at most two decimals"),
        (("grant", "qingyang-2024", "facts.toml", "--by", "li"), "QH572", "has no fund here"),
        (("grant", "qingyang-2024", "none.toml", "--by", "li"), "QH570", "the file is missing"),
        (("capture", "7", "--bill", "compute=1", "--by", "li"), "QH576", "hold 7 does not exist"),
        (("capture", "7", "--bill", "compute", "--by", "li"), "QH580", "found 'compute'"),
        (("capture", "7", "--bill", "compote=1", "--by", "li"), "QH580", "found 'compote'"),
        (("settle", "pay", "one", "--by", "li"), "QH580", "found 'one', expected the number"),
        (("settle", "gather", "plain", "--by", " "), "QH580", "by: found ' '"),
    ],
)
def test_bad_input_is_one_named_error(run, words, code, said):
    with pytest.raises(QianhangError) as caught:
        run(*words)
    assert caught.value.code == code
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('yuan = "100000"', "fen = 1", "bad.toml contract: unknown key 'fen'; expected yuan"),
        ('id = "e1"', 'id = "e1"\nregoin = "x"', "bad.toml applicant: unknown key 'regoin'"),
        ('use = "training"', 'use = "trainig"', "use: found 'trainig', allowed: 'training'"),
        ("months = 12", 'months = "x"', "months: found 'x', expected a whole number"),
    ],
)
def test_a_file_of_facts_is_as_closed_as_a_programme(run, tmp_path, old, new, said):
    (tmp_path / "bad.toml").write_text(FACTS.replace(old, new), "utf8")
    with pytest.raises(QianhangError, match="QH571") as caught:
        run("grant", "qingyang-2024", "bad.toml", "--by", "li")
    assert said in caught.value.message
