"""A process in which no pack was ever loaded, and its children, each of which loads one.

The libraries take seconds to import and hold nothing of a pack: they are imported once. All that a
child knows of a pack is what it read from the pack's files and from its kept model.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["answer", "serve"]

# Those that the asking process has loaded are loaded before the children part.
_LIBRARIES = (
    "pandas", "pyarrow.parquet", "scipy.optimize", "scipy.stats", "sklearn.linear_model",
    "sklearn.isotonic", "lightgbm", "sksurv.linear_model",
)  # fmt: skip
_CODE = "from qianhang.testing.fresh import serve; serve()"
_LOCK = threading.Lock()


def answer(pack: Path, *, files: Path, model: str, out: Path) -> str:
    """What a fresh process said when it failed; "" where its answers to the sample are in `out`.

    files, model : the folder in which, and the manifest under which, the model is kept
    out : a Parquet file yet to be written; the log is beside it
    """
    log = out.with_suffix(".log")
    asked = {
        "libraries": [name for name in _LIBRARIES if name in sys.modules],
        "environ": dict(os.environ),
        "folder": str(Path.cwd()),
        "log": str(log),
        "arguments": [str(pack), str(files), model, str(out)],
    }
    with _LOCK:
        if _parent(os.getpid()).poll() is not None:
            _parent.cache_clear()
        told = _ask(_parent(os.getpid()), json.dumps(asked))
    if told == "0":
        return ""
    said = log.read_text(encoding="utf8", errors="replace").strip() if log.exists() else ""
    return said[-300:] or f"it ended with {told or 'no word'}"


def _ask(parent: subprocess.Popen[str], line: str) -> str:
    if parent.stdin is None or parent.stdout is None:
        return ""
    try:
        parent.stdin.write(line + "\n")
        parent.stdin.flush()
        return parent.stdout.readline().strip()
    except OSError:
        return ""


@functools.cache
def _parent(_: int) -> subprocess.Popen[str]:
    """The process without packs of the process with this number: a fork of ours has its own."""
    started = subprocess.Popen(  # noqa: S603  # our own Python
        [sys.executable, "-c", _CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, started, os.getpid())
    return started


def _end(parent: subprocess.Popen[str], owner: int) -> None:
    if os.getpid() == owner and parent.poll() is None:
        parent.communicate()


def serve() -> None:
    """Nothing, once standard input has ended: until then one child for each line, told how it
    ended."""
    # A pack that prints must not answer for us.
    told = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        for name in asked["libraries"]:
            importlib.import_module(name)
        child = os.fork()
        if not child:
            os._exit(_in_child(asked))
        told.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        told.flush()


def _in_child(asked: Mapping[str, Any]) -> int:
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    try:
        os.environ.clear()
        os.environ.update(asked["environ"])
        os.chdir(asked["folder"])
        _leave(*asked["arguments"])
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _leave(pack: str, files: str, manifest: str, out: str) -> None:
    from qianhang.core.pack import load_pack
    from qianhang.models import load
    from qianhang.store import Files
    from qianhang.testing.subject import Subject

    subject = Subject.of(load_pack(Path(pack)))
    model = load(Files(files), manifest, local=subject.pack.code)
    subject.served(model).reset_index().to_parquet(out)
