"""The log is told in words: every kind of record and every key that our code writes has some."""

import ast
import html
from pathlib import Path

import pytest

import qianhang
from qianhang.web import words

from .conftest import now

TEXTS = [p.read_text(encoding="utf8") for p in Path(qianhang.__file__).parent.rglob("*.py")]
# Functions that put the beginning of a kind before the word that they are given.
PREFIXES = {"note": "access.", "named": "voucher.", "move": "ledger.voucher.", "post": "ledger."}
MARKS = ("payload=", *(f"{name}(" for name in PREFIXES))
TREES = [ast.parse(text) for text in TEXTS if any(mark in text for mark in MARKS)]
NOT_SHOWN = {"by", "what", "id", "files"}


def constants(tree):
    """Name -> text of the module's own constants."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                values = node.value.elts if several else [node.value]
                pairs = zip(names, values, strict=False)
                found |= {n.id: v.value for n, v in pairs if isinstance(v, ast.Constant)}
    return found


def texts(node, known):
    """The texts that an argument can be: a constant, a name of one, a kind with its states."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.Name) and isinstance(known.get(node.id), str):
        return {known[node.id]}
    return set()


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def kinds():
    """Every kind that a call of `append(..., payload=...)` or of what stands before it writes."""
    found = {"run.failed", "run.interrupted"}  # run.py: f"run.{state}"
    for tree in TREES:
        known = constants(tree)
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            given = {k.arg: k.value for k in call.keywords}
            if called(call) == "append" and "payload" in given:
                found |= texts(call.args[0], known)
            elif called(call) in PREFIXES and len(call.args) > 1:
                said = texts(call.args[1], known)
                if called(call) == "post" and "postings" not in given:
                    continue
                found |= {PREFIXES[called(call)] + one for one in said if "/" not in one}
            if called(call) == "move" and "what" in given:
                found |= {PREFIXES["move"] + one for one in texts(given["what"], known)}
    return found


def keys():
    """Every key of a dict, written out in a function that appends to the log, of its payload."""
    for tree in TREES:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                    payload = next((k.value for k in call.keywords if k.arg == "payload"), None)
                    if called(call) == "append" and payload is not None:
                        yield from written(payload)
                        yield from assigned(function, payload)
                    elif called(call) == "note" and any(k.arg == "at" for k in call.keywords):
                        yield from (k.arg for k in call.keywords if k.arg not in (None, "at"))


def written(node):
    """Keys of the dicts that an expression spells out, not of those inside them."""
    if isinstance(node, ast.Dict):
        yield from (k.value for k in node.keys if isinstance(k, ast.Constant))
    elif isinstance(node, ast.BinOp):
        yield from (*written(node.left), *written(node.right))


def assigned(function, payload):
    """Keys of the dicts to which the names in the payload are set in the function."""
    names = {n.id for n in ast.walk(payload) if isinstance(n, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id in names for t in targets):
                yield from written(node.value)


def test_every_kind_of_record_has_words():
    found = kinds()
    assert {"access.signed_in", "model.registered", "ledger.voucher.pay", "voucher.hold"} <= found
    missing = [k for k in sorted(found) if not words.has(f"logkind.{k.replace('.', '_')}")]
    assert missing == [], "add them to [logkind] of web/words_zh.toml and words_en.toml"


def test_every_key_of_a_record_has_words():
    found = {*keys()} - NOT_SHOWN
    assert {"scenario", "why", "grade", "role", "epoch"} <= found
    missing = [k for k in sorted(found) if not words.has(f"logkey.{k}")]
    assert missing == [], "add them to [logkey] of web/words_zh.toml and words_en.toml"


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ("单位", "角色：数据管理", "场景：供水管网漏损定位", "原因：由使用者停止", "新事物", "是")),
        ("en", ("organisation", "role: Data steward", "scenario: Leak", "why: stopped by its user", "新事物", "yes")),
    ],
)  # fmt: skip
def test_a_record_is_told_in_words_and_kept_as_written_behind_them(site, signed, lang, said):
    with site.store.write() as tx:
        tx.append("new.thing", "water.leak_detection", at=now(), payload={
            "by": "", "org": "root", "role": "data_steward", "scenario": "water.leak_detection",
            "why": "stopped by the user", "conforms": True, "shiny": "新事物", "facts": {"stage": "accepted"},
        })  # fmt: skip
    client = signed("administrator")
    client.cookies.set("qh-lang", lang)
    text = client.get("/admin/log?what=all").text
    for part in (*said, "<code>shiny</code>", "new.thing water.leak_detection"):
        assert part in text
    assert '"role": "data_steward"' in html.unescape(text)
