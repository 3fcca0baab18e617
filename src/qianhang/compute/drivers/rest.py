"""Asking a pool over HTTP: an answer that can be relied on, or plainly none."""

from __future__ import annotations

import contextlib
import json
import math
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import PoolUnavailable

if TYPE_CHECKING:
    import requests

__all__ = ["Access", "Answer", "Rest"]

_TOKEN = re.compile(r"[\x21-\x7e]+")
_BLOCK = 1 << 16
_LONGEST_QUIET_S = 300.0


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an API and who we are there; secrets stay in their files.

    server : address without a final slash
    token_file : holds the bearer token, read anew for each request since it may be renewed
    ca_file : certificates that the server's must lead to; empty: those of the system
    cert_files : our own certificate and its key
    connect_s, read_s, whole_s : seconds for a connection, the next bytes, the whole answer
    most_mb : MiB of the longest answer that is read
    """

    server: str
    token_file: str = ""
    ca_file: str = ""
    cert_files: tuple[str, str] | None = None
    connect_s: float = 5.0
    read_s: float = 20.0
    whole_s: float = 60.0
    most_mb: int = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """A status that was expected, and the body."""

    status: int
    body: bytes
    where: str

    @property
    def text(self) -> str:
        """The body as text, whatever is in it."""
        return self.body.decode("utf-8", "replace")

    def mapping(self) -> dict[str, Any]:
        """The body as a JSON object; raises PoolUnavailable where it is something else."""
        try:
            found = json.loads(self.body, parse_constant=_finite, parse_float=_finite)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise PoolUnavailable("QH545", f"{self.where} answered no JSON object")
        return found


class Rest:
    """One API of one pool.

    Keeps away from the server for as long as its Retry-After said.
    """

    def __init__(self, access: Access, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self._clock = clock
        self._quiet_until = 0.0
        self._session: requests.Session | None = None
        self.seen = ""  # the server's own time at its last answer, ISO 8601
        self.ahead_s: float | None = None  # its clock minus ours

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        expected: Collection[int] = (200,),
    ) -> Answer:
        """The server's answer, its status among the expected ones.

        Raises PoolUnavailable with QH546 where we are not let in, else with QH545: no connection,
        no whole answer in time, any other status.
        """
        where = f"{method} {self.access.server}{path}"
        left = self._quiet_until - self._clock()
        if left > 0:
            raise PoolUnavailable("QH545", f"{where}: the server asked to wait {left:.0f} s more")
        status, headers, content = self._sent(where, path, (method, query, body))
        with contextlib.suppress(TypeError, ValueError):
            there = parsedate_to_datetime(headers.get("Date", ""))
            self.seen, self.ahead_s = there.isoformat(), there.timestamp() - time.time()
        if status in expected:
            return Answer(status, content, where)
        if status in (429, 503):
            self._quiet_until = self._clock() + _pause_s(headers.get("Retry-After", ""))
        said = _message(content)
        if status in (401, 403):
            hint = "check the pool's credentials and rights"
            raise PoolUnavailable("QH546", f"{where} answered {status}{said}", hint=hint)
        raise PoolUnavailable("QH545", f"{where} answered {status}{said}")

    def _sent(
        self, where: str, path: str, what: tuple[str, Any, Any]
    ) -> tuple[int, Mapping[str, str], bytes]:
        import requests

        method, query, body = what
        access = self.access
        try:
            with self._open().request(
                method,
                access.server + path,
                params=query,
                json=body,
                headers=self._headers(),
                timeout=(access.connect_s, access.read_s),
                verify=access.ca_file or True,
                cert=access.cert_files,
                allow_redirects=False,
                stream=True,
            ) as got:
                return got.status_code, got.headers, self._content(got, where)
        except (requests.RequestException, OSError) as cause:
            # The kind of failure only: the text of some holds headers.
            raise PoolUnavailable("QH545", f"{where}: {type(cause).__name__}") from None

    def _open(self) -> requests.Session:
        import requests

        if self._session is None:
            self._session = requests.Session()
            # Else a .netrc or a proxy of this machine's user would come between.
            self._session.trust_env = False
        return self._session

    def _headers(self) -> dict[str, str]:
        if not self.access.token_file:
            return {}
        try:
            token = Path(self.access.token_file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            token = ""
        if not _TOKEN.fullmatch(token):
            message = f"{self.access.token_file} holds no token: expected one line of ASCII"
            raise PoolUnavailable("QH546", message, hint="write the pool's token into that file")
        return {"Authorization": f"Bearer {token}"}

    def _content(self, got: requests.Response, where: str) -> bytes:
        until = time.monotonic() + self.access.whole_s
        blocks, size = [], 0
        for block in got.iter_content(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > self.access.most_mb << 20:
                limit = f"more than {self.access.most_mb} MiB"
                raise PoolUnavailable("QH545", f"{where} answered {limit}")
            if time.monotonic() > until:
                late = f"no whole answer within {self.access.whole_s:.0f} s"
                raise PoolUnavailable("QH545", f"{where}: {late}")
        return b"".join(blocks)


def _finite(said: str) -> float:
    """The number, which JSON holds to be one: neither infinite nor none at all."""
    number = float(said)
    if not math.isfinite(number):
        raise ValueError(said)
    return number


def _pause_s(said: str) -> float:
    """Seconds of a Retry-After, which holds either those or a date."""
    if said.strip().isdigit():
        return min(float(said), _LONGEST_QUIET_S)
    try:
        wait = parsedate_to_datetime(said).timestamp() - time.time()
    except (TypeError, ValueError):
        return 0.0
    return min(max(wait, 0.0), _LONGEST_QUIET_S)


def _message(content: bytes) -> str:
    """The server's own words, as far as they are worth showing."""
    text = content[:4000].decode("utf-8", "replace")
    try:
        text = str(json.loads(content).get("message", ""))
    except (ValueError, AttributeError, RecursionError):
        text = (text.strip().splitlines() or [""])[-1]
    text = " ".join(text.split())[:200]
    return f": {text}" if text else ""
