"""Rules on the command line: what is suggested can be looked at and set."""

import json
import re

import pytest
from click.testing import CliRunner

from qianhang.cli import _app
from qianhang.core.errors import UsageError

PLAN = """云泽市能源行动方案（2026—2028年）
云泽市人民政府
一、重点任务
（一）负荷预测。到2028年，短期负荷预测准确率达到97%以上，骨干企业8家。（责任单位：市发展改革委）
"""


@pytest.fixture
def call(home, monkeypatch, tmp_path):
    monkeypatch.setenv("QIANHANG_LANG", "en")
    path = tmp_path / "plan.txt"
    path.write_text(PLAN, encoding="utf8")

    def run(*arguments):
        done = CliRunner().invoke(_app(), list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    run("plan", "import", str(path), "--by", "赵一")
    return run


def test_the_rule_that_is_suggested_can_be_set_as_it_is(call):
    shown = call("plan", "rule", "suggest", "P1.T1")
    assert re.match(r"The figure of scenarios run on one's own data.* \(A\)\n", shown)
    suggested = call("plan", "rule", "suggest", "P1.T1", "--json")
    query = json.loads(suggested)["query"]
    assert query["kinds"] == ["figure"]
    assert ["source", "==", "own"] in query["where"]
    assert query["region"] == "云泽市"
    call("plan", "rule", "set", "P1.T1", suggested, "--by", "钱二")
    assert json.loads(call("plan", "rule", "show", "P1.T1", "--json"))["query"] == query
    other = json.loads(call("plan", "rule", "suggest", "P1.T2", "--json"))
    assert other["name"] == "register"


def test_nothing_is_suggested_for_what_is_no_target(call):
    with pytest.raises(UsageError, match=r"QH824.*P1\.S1 is a section"):
        call("plan", "rule", "suggest", "P1.S1")


def test_a_rule_file_that_is_not_there_is_one_clear_line(call):
    with pytest.raises(UsageError, match=r"QH824 no\.json: No such file or directory; expected"):
        call("plan", "rule", "set", "P1.T1", "no.json", "--by", "钱二")
