"""The documentation is whole: what the code can say, take or draw stands in docs/.

Each test lists what is missing, so that its failure says what to write.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import tomli

from qianhang import charts, safety
from qianhang.compute.policy import Params
from qianhang.core import manifest, pack, words
from qianhang.data import codes as data_codes
from qianhang.safety import wording
from qianhang.store import SETTINGS

ROOT = Path(__file__).parents[2]
SOURCE, DOCS = ROOT / "src" / "qianhang", ROOT / "docs"
ERRORS = DOCS / "errors"
HANDBOOK = (DOCS / "handbook.md").read_text(encoding="utf8")
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
PAGE = re.compile(r"^# (QH\d{3}) .+ · .+\n\n`(\w+)` · .+\n\n```\n(QH\d{3}) ")

# Found by several layers and the same thing in each; a pack that reads its field's own files finds
# in them what the data layer finds in tables.
SHARED = {"QH131", "QH132", "QH133", "QH206", "QH516", "QH519", "QH701", "QH802", "QH810"}
SHARED |= {code for code in vars(data_codes).values() if str(code).startswith("QH1")}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "templates" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf8"))


def strings(tree: ast.Module) -> Iterator[str]:
    """Every literal text, with `{}` where an f-string fills something in."""
    parts = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values
            )
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        ):
            yield node.value


TEXTS = {path: list(strings(tree)) for path, tree in modules()}


def codes() -> dict[str, set[str]]:
    """Code -> the packages of qianhang that hold it."""
    found: dict[str, set[str]] = {}
    for path, texts in TEXTS.items():
        for text in texts:
            if re.fullmatch(r"QH\d{3}", text):
                found.setdefault(text, set()).add(path.relative_to(SOURCE).parts[0])
    return found


def section(title: str) -> str:
    """The handbook from a heading to the next one of its own kind."""
    marks = re.match(r"#+ ", title)
    level = marks.group().strip() if marks else "##"
    return re.split(rf"\n{level} ", HANDBOOK.partition(f"{title}")[2])[0]


def test_every_code_of_the_source_has_a_page_and_every_page_a_code():
    pages = {p.stem for p in ERRORS.glob("QH*.md")}
    assert sorted(set(codes()) - pages) == [], "codes without a page"
    assert sorted(pages - set(codes())) == [], "pages without a code"


@pytest.mark.parametrize("page", sorted(ERRORS.glob("QH*.md")), ids=lambda p: p.stem)
def test_an_error_page_says_what_why_and_what_to_do_in_both_languages(page: Path):
    text = page.read_text(encoding="utf8")
    head = PAGE.match(text)
    assert head, "expected '# CODE 中文 · English', the class, an example"
    assert {head.group(1), head.group(3)} == {page.stem}
    marks = [
        "**发生了什么**",
        "**为什么**",
        "**怎么办**",
        "**What happened.**",
        "**Why.**",
        "**What to do.**",
    ]
    assert [m for m in marks if m not in text] == []
    assert text.index("## 中文") < text.index("## English")


def test_an_error_page_names_the_class_that_the_code_is_raised_with():
    wrong = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0]
            code = first.value if isinstance(first, ast.Constant) else None
            if isinstance(code, str) and re.fullmatch(r"QH\d{3}", code):
                head = PAGE.match((ERRORS / f"{code}.md").read_text(encoding="utf8"))
                if head is None or head.group(2) != node.func.id:
                    wrong.append(f"{path.name}:{node.lineno} {code} {node.func.id}")
    assert wrong == []


def test_a_code_stands_for_one_thing():
    """A code found in two packages is most likely two problems under one number.

    The console also names the codes of others: it answers each with a status, and refuses what a
    reader may not see in the very words of what is not there.
    """
    found = {c: sorted(p - {"web"}) for c, p in codes().items() if c not in SHARED}
    twice = {c: p for c, p in found.items() if len(p) > 1}
    assert twice == {}


def test_the_index_of_errors_is_the_one_that_its_script_writes():
    spec = importlib.util.spec_from_file_location("errors_index", ROOT / "scripts/errors_index.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ERRORS / "README.md").read_text(encoding="utf8") == module.index()


def test_every_setting_stands_in_the_handbook_with_its_key_and_default():
    table = section("## 设置 Settings")
    lines = {line.split("|")[1].strip(): line for line in table.splitlines() if "QIANHANG" in line}
    for setting in SETTINGS:
        line = lines[f"`{setting.name}` (`{setting.key}`)"]
        assert f"`{setting.default}`" in line or not setting.default, setting.name


def test_every_knob_of_the_policy_stands_on_its_page_with_its_default():
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| .+ · .+ \|$",
        (DOCS / "policy.md").read_text(encoding="utf8"),
        re.MULTILINE,
    )
    written = {name: tomli.loads(f"value = {value}")["value"] for name, value in rows}
    knobs = [one for one in dataclasses.fields(Params) if one.init]
    defaults = {one.name: one.default for one in knobs}
    assert {n: tuple(v) if isinstance(v, list) else v for n, v in written.items()} == defaults


def test_every_variable_that_the_source_reads_stands_in_the_handbook():
    read = {t for texts in TEXTS.values() for t in texts if re.fullmatch(r"QIANHANG_[A-Z_]+", t)}
    assert sorted(v for v in read if f"`{v}`" not in HANDBOOK) == []


def commands() -> Iterator[tuple[str, click.Command]]:
    from qianhang.cli import _app

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for each in command.list_commands(context):
                inner = command.get_command(context, each)
                assert inner is not None
                yield from walk(f"{name} {each}", inner)
        else:
            yield name, command

    yield from walk("qianhang", _app())


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_handbook_with_its_arguments_and_options(name: str):
    lines = [x for x in section("## 命令 Commands").splitlines() if x.startswith(f"| `{name}")]
    line = next((x for x in lines if re.match(rf"\| `{name}(?: [A-Z\[]|`)", x)), "")
    missing = []
    for param in COMMANDS[name].params:
        said = f"{param.opts[0]}" if isinstance(param, click.Option) else str(param.name).upper()
        missing += [] if said in line else [said]
    assert line, f"{name} is not in the table"
    assert missing == []


def known_command(text: str) -> bool:
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    return f"qianhang {text}" in {*COMMANDS, *groups}


def test_commands_that_docs_and_hints_name_exist():
    said = [(p.name, p.read_text(encoding="utf8")) for p in [*PAGES, *SOURCE.rglob("README.md")]]
    said += [(p.name, t) for p, texts in TEXTS.items() for t in texts]
    said += [(f"words_{k}", t) for k in words.LANGUAGES for t in words.catalogue(k).values()]
    wrong = set()
    for name, text in said:
        for found in re.findall(r"(?:^|[`\n（(：:] ?)qianhang ((?:pack |dataset )?[a-z]+)\b", text):
            if not known_command(found):
                wrong.add(f"{name}: qianhang {found}")
    assert sorted(wrong) == []


def test_options_in_the_examples_of_docs_exist():
    everywhere = {"--lang", "--version", "--help"}
    wrong = []
    for page in [*PAGES, *SOURCE.rglob("README.md")]:
        for line in re.findall(r"^qianhang .+", page.read_text(encoding="utf8"), flags=re.M):
            # What follows two spaces or a # is a remark or a figure beside the command.
            said = re.split(r"  +|#", re.sub(r"^(qianhang) --lang en", r"\1", line))[0]
            name = max((n for n in COMMANDS if f"{said} ".startswith(f"{n} ")), key=len, default="")
            known = {o for p in COMMANDS[name].params for o in p.opts} if name else set()
            unknown = set(re.findall(r"--[a-z]+", said)) - known - everywhere
            bare = said.startswith("qianhang --")
            wrong += [f"{page.name}: {line}"] if unknown or not (name or bare) else []
    assert wrong == []


def fields(kind: type) -> Iterator[str]:
    """Every key of a closed schema, those of nested ones too."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name
        inner = [hints[field.name], *typing.get_args(hints[field.name])]
        for each in inner:
            if dataclasses.is_dataclass(each) and isinstance(each, type) and each is not kind:
                yield from fields(each)


def test_every_extra_stands_in_the_handbook():
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = set(tomli.load(file)["project"]["optional-dependencies"]) - {"demo", "dev", "test"}
    assert extras <= set(re.findall(r"\w+", HANDBOOK.split("## ")[1]))


def test_every_key_of_pack_toml_stands_in_the_handbook():
    text = section("### pack.toml")
    keys = {k for k in fields(manifest.Manifest) if f"`{k}`" not in text}
    assert sorted(keys) == []


@pytest.mark.parametrize("choice", ["Role", "SplitKind", "Task"], ids=["roles", "splits", "tasks"])
def test_every_choice_of_pack_toml_stands_in_the_handbook(choice: str):
    values = typing.get_args(getattr(manifest, choice))
    assert [v for v in values if not re.search(rf"\b{v}\b", HANDBOOK)] == []


def test_every_widget_stands_in_the_handbook():
    text = section("### 图件 Widgets")
    assert [kind for kind in charts.WIDGETS if f"| `{kind}` |" not in text] == []


def test_every_finding_of_the_gate_stands_on_its_page_with_its_words():
    text = (DOCS / "gate.md").read_text(encoding="utf8")
    for code in wording.CODES:
        entry = wording.words(code)
        for said in (f"`{code}`", entry.title.zh, entry.title.en, entry.todo.zh, entry.todo.en):
            assert said in text, f"{code}: {said}"


def test_every_refused_use_stands_on_the_page_of_the_gate_with_its_safe_form():
    text = (DOCS / "gate.md").read_text(encoding="utf8")
    for line in safety.negative_list():
        for said in (f"`{line.code}`", line.use.zh, line.safe.zh, line.safe.en, line.clause.en):
            assert said in text, f"{line.code}: {said}"


def test_every_metric_of_a_bar_stands_on_the_page_of_metrics():
    text = (DOCS / "metrics.md").read_text(encoding="utf8")
    metrics = {b.metric for p in pack.packs() for c in p.manifest.case for b in c.bar}
    assert sorted(m for m in metrics if f"`{m}`" not in text) == []


def test_every_indicator_that_packs_feed_stands_on_the_page_of_the_ledger():
    text = (DOCS / "ledger.md").read_text(encoding="utf8")
    fed = {
        f"| {f.indicator.zh} · {f.indicator.en} | `{p.id}` |"
        for p in pack.packs()
        for f in p.manifest.feeds
    }
    assert sorted(line for line in fed if line not in text) == []


def test_glossary_has_both_languages_in_every_row_and_no_word_twice():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (DOCS / "glossary.md").read_text(encoding="utf8").splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| 中文"))
    ]
    assert [r for r in rows if len(r) != 3 or not all(r) or " · " not in r[2]] == []
    for column in (0, 1):
        said = [r[column] for r in rows]
        assert sorted({w for w in said if said.count(w) > 1}) == []
    assert [r[0] for r in rows if not re.search("[\u4e00-\u9fff]", r[0])] == []
    assert [r[1] for r in rows if re.search("[\u4e00-\u9fff]", r[1])] == []


def links(page: Path) -> Iterator[tuple[str, Path]]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target) and not target.startswith("#"):
            yield target, (page.parent / target.partition("#")[0]).resolve()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    assert [target for target, place in links(page) if not place.exists()] == []


def test_every_page_can_be_reached_from_the_readme():
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            todo += [place for _, place in links(page) if place.is_file()]
    assert sorted(str(p.relative_to(ROOT)) for p in PAGES if p not in seen) == []


def test_targets_that_the_readme_names_exist_in_the_makefile():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    named = set(re.findall(r"^make ([a-z]+)\b", readme, flags=re.M))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert {"run", "test"} <= named
    assert named - targets == set()


def test_every_decision_stands_in_the_index_with_context_decision_and_consequences():
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf8")
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    assert [p.name for p in pages if p.name not in index] == []
    for page in pages:
        text = page.read_text(encoding="utf8")
        marks = ("背景", "决定", "后果", "Context.", "Decision.", "Consequences.")
        assert [m for m in marks if f"**{m}**" not in text] == [], page.name


def test_no_text_of_the_catalogue_is_left_without_a_reader():
    """A key is read where a literal or an f-string of the source can be it."""
    said = {t for texts in TEXTS.values() for t in texts}
    patterns = [
        re.compile(re.escape(text).replace(r"\{\}", "[^.]+") + ("" if "{}" in text else ".+"))
        for text in said
        if re.fullmatch(r"[a-z_]+\.[a-z_{}.]*", text) and ("{}" in text or text[-1] in "._")
    ]
    # Words of tables, columns, metrics, units, parameters and counts are looked up by the names that
    # packs and trials give them.
    open_ended = ("table.", "column.", "metric.", "unit.", "chart.", "param.", "fact.")
    open_ended += ("splitkind.", "poolname.", "zonename.")
    unread = [
        key
        for key in words.catalogue("zh")
        if key not in said
        and not key.startswith(open_ended)
        and not any(p.fullmatch(key) for p in patterns)
    ]
    assert unread == []
