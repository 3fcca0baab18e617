"""Checks of what a pack says: manifest, risk, imports. Nothing is trained here."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from qianhang import charts, safety
from qianhang.core.errors import QianhangError
from qianhang.core.manifest import load
from qianhang.plan.systems import systems
from qianhang.testing.subject import Broken, Subject

__all__ = ["imports_are_clean", "manifest_is_whole", "risk_is_at_its_floor", "split_is_not_random"]

# task -> what pack.py must define; every task needs sample
_FUNCTIONS = {
    "forecast": ("fit", "predict", "baseline"),
    "classify": ("fit", "predict", "baseline"),
    "survive": ("fit", "predict", "baseline"),
    "detect": ("fit", "detect", "baseline"),
    "optimise": ("solve", "cost", "violations", "baseline"),
    "control": ("simulator", "fit", "policy", "baseline"),
    "retrieve": ("passages", "fit", "answer", "baseline"),
    "spatial": ("fit", "predict", "baseline"),
    "formula": ("constants", "compute", "baseline"),
}
# Their rows are computed with or searched, never learnt from and scored.
_UNCUT = ("optimise", "retrieve", "formula")
# a forecaster that answers many origins at once
_WINDOWS = ("fit", "predict_windows", "baseline_windows")
_AT_THE_TOP = {"numpy", "pandas", "qianhang"}
_OURS = ("qianhang.core", "qianhang.engines")
_NEVER = {"socket", "urllib", "http", "requests", "pooch", "sqlalchemy", "subprocess", "pickle"}
_CLOCK = {"time.time", "datetime.now", "datetime.utcnow", "date.today", "pd.Timestamp.now"}
_LINES = 120


def manifest_is_whole(subject: Subject) -> None:
    """The manifest, the functions and the README are all there and say what they must."""
    manifest = subject.manifest
    try:
        load(subject.pack.folder / "pack.toml")
    except QianhangError as cause:
        raise Broken(str(cause)) from None
    for problem in (*_manifest(subject), *_code(subject)):
        raise Broken(problem)
    for widget in manifest.page.widgets:
        kind = widget.partition(":")[0]
        if kind not in charts.WIDGETS:
            raise Broken(f"widget {widget!r}: kind {kind!r} does not exist")


def _manifest(subject: Subject) -> Iterator[str]:
    manifest = subject.manifest
    for id_ in manifest.covers:
        if id_ not in systems():
            yield f"covers: {id_!r} is not a system that the plans name"
    if manifest.headline is None:
        yield "[headline] is missing: money or service comes first"
    if not manifest.owner.strip():
        yield "owner is empty"
    for name, column in manifest.columns.items():
        if column.type == "number" and not column.unit and not column.values:
            yield f"columns {name}: a number needs a unit"
    for case in manifest.case:
        if not case.bar:
            yield f"case {case.name}: no bar"
    readme = (subject.pack.folder / "README.md").read_text(encoding="utf8")
    if f"qianhang run {subject.pack.id}" not in readme:
        yield f"README.md does not say how to run it: qianhang run {subject.pack.id}"
    if "--data" not in readme:
        yield "README.md does not say how to use one's own data: --data"


def _code(subject: Subject) -> Iterator[str]:
    lines = (subject.pack.folder / "pack.py").read_text(encoding="utf8").count("\n")
    if lines > _LINES:
        yield f"pack.py has {lines} lines, at most {_LINES}: an engine or a noun is missing"
    windows = subject.task == "forecast" and not hasattr(subject.code, "predict")
    wanted = _WINDOWS if windows else _FUNCTIONS[subject.task]
    for name in ("sample", *wanted):
        function = getattr(subject.code, name, None)
        if not callable(function):
            yield f"pack.py does not define {name}()"
        elif name != "sample" and "spec" not in inspect.signature(function).parameters:
            yield f"{name}() does not take spec"


def risk_is_at_its_floor(subject: Subject) -> None:
    """The declared risk is not below the floor of its domain, and the use is not forbidden."""
    manifest = subject.manifest
    use = safety.Use(
        subject=manifest.subject,
        industry=subject.pack.id.partition(".")[0],
        purpose=manifest.purpose,
        device_class=manifest.device_class or "none",
    )
    try:
        safety.check_use(use, risk=manifest.risk, scenario=subject.pack.id)
    except QianhangError as cause:
        raise Broken(str(cause)) from None
    if manifest.risk == "high" and manifest.human_role is None:
        raise Broken("risk is high and human_role does not say who confirms")


def split_is_not_random(subject: Subject) -> None:
    """Where rows have a time, a place or a group, every case is split along it."""
    for case in subject.manifest.case:
        filled = subject.manifest.find_case(case.name)
        roles = {c.role for c in filled.columns.values()}
        ordered = bool(roles & {"time", "place", "group"})
        kind = filled.split.kind if filled.split else "none"
        if ordered and kind == "none" and subject.task not in _UNCUT:
            raise Broken(f"case {case.name}: a {', '.join(sorted(roles))} column and no split")
        if kind == "given" and not (filled.split and filled.split.reason):
            raise Broken(f"case {case.name}: a given split needs its reason")


def imports_are_clean(subject: Subject) -> None:
    """pack.py imports core, engines and its field's libraries, and stays off network and clock."""
    for path in sorted(subject.pack.folder.glob("*.py")):
        for problem in _imports(path, own=f"qianhang.packs.{subject.pack.id}"):
            raise Broken(f"{path.name}: {problem}")


def _imports(path: Path, *, own: str) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _modules(node):
                root = name.partition(".")[0]
                if root == "qianhang" and not name.startswith((*_OURS, own)):
                    yield f"line {node.lineno} imports {name}, not of {' or '.join(_OURS)}"
                if root in _NEVER:
                    yield f"line {node.lineno} imports {name}: no network, store or processes here"
                if id(node) in top and not _light(root):
                    yield f"line {node.lineno} imports {name} at the top; do it inside the function"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _CLOCK:
            yield f"line {node.lineno} reads the clock: {ast.unparse(node.func)}()"


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    # A module beside pack.py is the pack's own.
    return [] if node.level else [node.module or ""]


def _light(root: str) -> bool:
    import sys

    return root in _AT_THE_TOP or root in sys.stdlib_module_names
