"""How the keeper of a job is started, and the files that it needs on a node."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILES", "words"]

# Loaded rather than run as a script, so that Python keeps what it compiled.
_START = "import sys;sys.path.insert(0,sys.argv[1]);import warden;sys.exit(warden.run(sys.argv[2]))"
FILES = tuple(Path(__file__).with_name(f"{name}.py")
              for name in ("kernel", "notes", "proctree", "warden"))  # fmt: skip


def words(python: str, folder: str, *, files: Path | None = None) -> list[str]:
    """The command that starts the keeper of the job in `folder`.

    files : where its files lie; our own where it is None
    """
    return [python, "-I", "-S", "-c", _START, str(files or FILES[0].parent), folder]
