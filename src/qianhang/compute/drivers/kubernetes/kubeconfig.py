"""The part of a kubeconfig that a service needs: a server, its authority, and files that prove us.

Commands and plugins that fetch credentials are refused: a pool's file must not run programs here.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qianhang.compute.drivers.rest import Access
from qianhang.core.errors import MissingExtra, UsageError

__all__ = ["access"]

_REFUSED_CLUSTER = ("insecure-skip-tls-verify", "proxy-url", "tls-server-name")
_REFUSED_USER = ("exec", "auth-provider", "username", "password", "as", "impersonate")


def access(path: Path, *, context: str, folder: Path, read_s: float = 20.0) -> Access:
    """How to reach the cluster of this kubeconfig; what it holds inline is put into `folder`.

    Raises UsageError naming the file and what in it cannot be used.
    """
    config = _Config(path, _content(path))
    about = config.entry("contexts", context or str(config.content.get("current-context", "")))
    cluster = config.entry("clusters", str(about.get("cluster", "")))
    user = config.entry("users", str(about.get("user", "")))
    config.refuse(cluster, _REFUSED_CLUSTER)
    config.refuse(user, _REFUSED_USER)
    server = str(cluster.get("server", "")).rstrip("/")
    if not server.startswith("https://") and not server.startswith("http://127.0.0.1:"):
        raise config.error(f"server {server!r}", "an https address")
    certificate = config.file(user, "client-certificate", folder)
    key = config.file(user, "client-key", folder)
    token = config.token(user, folder)
    if not token and not (certificate and key):
        raise config.error("no credentials", "a token or a client certificate with its key")
    return Access(
        server,
        token_file=token,
        ca_file=config.file(cluster, "certificate-authority", folder),
        cert_files=(certificate, key) if certificate and key else None,
        read_s=read_s,
    )


@dataclass(frozen=True, slots=True)
class _Config:
    path: Path
    content: Mapping[str, Any]

    def error(self, found: str, expected: str) -> UsageError:
        message = f"kubeconfig {self.path}: {found}, expected {expected}"
        return UsageError("QH547", message, hint="see the page of this code for what is read")

    def entry(self, kind: str, name: str) -> Mapping[str, Any]:
        for each in self.content.get(kind) or ():
            if isinstance(each, Mapping) and each.get("name") == name:
                inner = each.get(kind[:-1])
                if isinstance(inner, Mapping):
                    return inner
        raise self.error(f"no entry {name!r} under {kind}", "one")

    def refuse(self, entry: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        found = [key for key in keys if entry.get(key)]
        if found:
            raise self.error(f"{found[0]} is not supported", "a token or a client certificate")

    def file(self, entry: Mapping[str, Any], key: str, folder: Path) -> str:
        """The file that the entry names or holds; empty where neither."""
        inline = entry.get(f"{key}-data")
        if inline:
            try:
                return _private(folder / key, base64.b64decode(str(inline), validate=True))
            except binascii.Error:
                raise self.error(f"{key}-data is no base64", "base64") from None
        named = entry.get(key)
        return str(self.path.parent / str(named)) if named else ""

    def token(self, user: Mapping[str, Any], folder: Path) -> str:
        if user.get("tokenFile"):
            return str(self.path.parent / str(user["tokenFile"]))
        if user.get("token"):
            return _private(folder / "token", str(user["token"]).encode())
        return ""


def _content(path: Path) -> Mapping[str, Any]:
    """What the file holds; JSON without any library, YAML with one."""
    try:
        text = path.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as cause:
        message = f"kubeconfig {path} cannot be read: {type(cause).__name__}"
        raise UsageError("QH547", message, hint="check the path and its rights") from cause
    found: Any = None
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        message = f"kubeconfig {path} holds neither YAML nor JSON, expected a kubeconfig"
        raise UsageError("QH547", message, hint="write it with kubectl config view --raw --minify")
    return found


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError as cause:
        message = "a kubeconfig in YAML needs PyYAML"
        hint = "pip install 'qianhang[kubernetes]', or write it as JSON: kubectl config view --raw"
        raise MissingExtra("QH810", message, hint=f"{hint} -o json") from cause
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as cause:
        raise ValueError("no YAML") from cause


def _private(path: Path, content: bytes) -> str:
    """The path, now holding the content for our eyes only; whole at every moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    part.replace(path)
    return str(path)
