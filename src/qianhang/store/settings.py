"""Where the store lives and which model may be asked: from the environment or qianhang.toml."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qianhang.core import schema
from qianhang.core.errors import StoreError

__all__ = ["SETTINGS", "Setting", "Settings"]

_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=[?&])[^=&#]*(?:key|secret|token|password)=[^&#]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its environment variable, its key in qianhang.toml, what it decides."""

    name: str
    key: str
    default: str
    meaning: str


SETTINGS = (
    Setting("QIANHANG_HOME", "home", "~/.qianhang", "folder of the store: rows, files, jobs"),
    Setting(
        "QIANHANG_DATABASE_URL",
        "database_url",
        "sqlite:///HOME/qianhang.db",
        "database of the rows: SQLite by default, or postgresql://user:password@host/name",
    ),
    Setting(
        "QIANHANG_FILES_URL",
        "files_url",
        "HOME/files",
        "folder of the files, or any URL that fsspec knows, such as s3://bucket/prefix",
    ),
    Setting(
        "QIANHANG_DATA",
        "data",
        "",
        f"folders searched first for registered data sets, joined by {os.pathsep!r} (a list in "
        "qianhang.toml)",
    ),
    Setting(
        "QIANHANG_LLM_ENDPOINT",
        "llm_endpoint",
        "",
        "base address of an OpenAI-compatible endpoint that may be asked for proposals",
    ),
    Setting("QIANHANG_LLM_MODEL", "llm_model", "", "name of the model that is asked there"),
    Setting(
        "QIANHANG_POOL_USER",
        "pool_user",
        "",
        "as whom local pools run what is submitted, where a pool does not say and the service is "
        "root: dynamic (a user of its own for each job), service, or a user's name",
    ),
)


@dataclass(frozen=True, slots=True)
class _File:
    """The closed schema of qianhang.toml."""

    home: str = ""
    database_url: str = ""
    files_url: str = ""
    data: tuple[str, ...] = ()
    llm_endpoint: str = ""
    llm_model: str = ""
    pool_user: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where rows, files and data are; passwords never appear in its repr."""

    home: Path
    database_url: str = field(repr=False, default="")
    files_url: str = field(repr=False, default="")
    data: tuple[Path, ...] = ()
    llm_endpoint: str = field(repr=False, default="")
    llm_model: str = ""
    pool_user: str = ""
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.home / 'qianhang.db'}")
        if not self.files_url:
            object.__setattr__(self, "files_url", str(self.home / "files"))

    @classmethod
    def load(
        cls, *, environ: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Settings:
        """The settings in force: the environment first, then qianhang.toml in `folder`, defaults.

        Raises StoreError naming the file and key where qianhang.toml is wrong.
        """
        env = os.environ if environ is None else environ
        path = (folder or Path.cwd()) / "qianhang.toml"
        written = _written(path)
        values: dict[str, str] = {}
        sources: list[tuple[str, str]] = []
        for setting in SETTINGS:
            value, source = _pick(setting, env, written, path)
            values[setting.key] = value
            sources.append((setting.name, source))
        data = tuple(_absolute(p, path.parent) for p in values["data"].split(os.pathsep) if p)
        return cls(
            home=_absolute(values["home"], path.parent),
            database_url=values["database_url"],
            files_url=values["files_url"],
            data=data,
            llm_endpoint=values["llm_endpoint"],
            llm_model=values["llm_model"],
            pool_user=values["pool_user"],
            sources=tuple(sources),
        )

    def shown(self) -> tuple[tuple[str, str, str], ...]:
        """(name, value, where it comes from) of every setting, with passwords masked."""
        come = dict(self.sources)
        values = {
            "QIANHANG_HOME": str(self.home),
            "QIANHANG_DATABASE_URL": masked(self.database_url),
            "QIANHANG_FILES_URL": masked(self.files_url),
            "QIANHANG_DATA": os.pathsep.join(map(str, self.data)),
            "QIANHANG_LLM_ENDPOINT": masked(self.llm_endpoint),
            "QIANHANG_LLM_MODEL": self.llm_model,
            "QIANHANG_POOL_USER": self.pool_user,
        }
        return tuple((n, v, come.get(n, "given")) for n, v in values.items())


def masked(url: str) -> str:
    """`url` with whatever may be a password or key replaced by three stars."""
    return _SECRET.sub("***", url)


def _written(path: Path) -> _File:
    if not path.is_file():
        return _File()
    raw = schema.read_toml(path, error=StoreError, code="QH708")
    return schema.read(_File, raw, where=str(path), error=StoreError, code="QH708")


def _pick(setting: Setting, env: Mapping[str, str], written: _File, path: Path) -> tuple[str, str]:
    if env.get(setting.name):
        return env[setting.name], "environment"
    found = getattr(written, setting.key)
    if found:
        return (os.pathsep.join(found) if setting.key == "data" else found), str(path)
    return (setting.default if setting.key in ("home", "data") else ""), "default"


def _absolute(text: str, folder: Path) -> Path:
    return folder.absolute() / Path(text).expanduser()
