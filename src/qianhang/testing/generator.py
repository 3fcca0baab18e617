"""`qianhang pack new`: a pack that passes conformance as written."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from qianhang.core.errors import UsageError

__all__ = ["TASKS", "write_pack"]

_TEMPLATES = Path(__file__).with_name("templates")
TASKS = tuple(sorted(p.name for p in _TEMPLATES.iterdir() if p.is_dir()))
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def write_pack(out: Path, *, industry: str, name: str, task: str) -> Path:
    """The folder `out/<industry>/<name>` with a new pack, written whole or not at all.

    Raises UsageError for a name that is not lower-case words joined by underscores, and where the
    folder is there already.
    """
    for word in (industry, name):
        if not _NAME.fullmatch(word):
            hint = "lower-case letters, digits and underscores, a letter first"
            raise UsageError("QH806", f"{word!r} cannot name a pack", hint=hint)
    folder = out / industry / name
    if folder.exists():
        raise UsageError("QH807", f"{folder} is there already", hint="choose another name")
    words = {
        "id": f"{industry}.{name}",
        "name": name,
        "task": task,
        "folder": str(folder),
        "title_en": name.replace("_", " ").capitalize(),
        "title_zh": name.replace("_", " "),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        made = Path(place) / name
        made.mkdir()
        # An installed wheel has a folder of compiled files beside the templates.
        sources = sorted(p for p in (_TEMPLATES / task).iterdir() if p.is_file())
        for source in (*sources, _TEMPLATES / "README.md"):
            text = Template(source.read_text(encoding="utf8")).substitute(words)
            (made / source.name).write_text(text, encoding="utf8")
        shutil.move(made, folder)
    return folder
