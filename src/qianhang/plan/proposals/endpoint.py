"""An OpenAI-compatible endpoint for chat completions: one question, one answer, no streaming."""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from qianhang.core.errors import UsageError
from qianhang.plan.proposals.answer import read_json
from qianhang.store import Settings

if TYPE_CHECKING:
    import requests

__all__ = ["Endpoint", "Message", "Patience"]

Message = Mapping[str, str]
_PATH = "/chat/completions"
_PASSING = (429, 500, 502, 503, 504)
_LONGEST_PAUSE_S = 20.0
_PATIENCE = "--timeout gives it more time"
# Small, so that a server that sends byte by byte cannot outlast the time allowed.
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a connection and for a whole answer, how often to ask again."""

    connect_s: float = 10.0
    answer_s: float = 120.0
    tries: int = 3
    pause_s: float = 1.0
    most_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked; the key stays out of repr, errors, rows and the log.

    url : the base that ends before /chat/completions, or with it
    Raises UsageError where it is no web address, names no model, or would send the key in clear.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    patience: Patience = Patience()

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def load(
        cls,
        url: str = "",
        model: str = "",
        *,
        patience: Patience = Patience(),
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Endpoint:
        """The endpoint named here, else in the settings; the key comes from the environment alone.

        folder : where qianhang.toml is looked for
        Raises UsageError where transfers are forbidden, or it cannot be used.
        """
        env = os.environ if environ is None else environ
        if env.get("QIANHANG_OFFLINE", "").lower() in ("1", "true", "yes"):
            raise UsageError("QH840", "QIANHANG_OFFLINE is set: no model may be asked")
        settings = Settings.load(environ=env, folder=folder)
        key = env.get("QIANHANG_LLM_KEY", "").strip()
        return cls(url or settings.llm_endpoint, model or settings.llm_model, key, patience)

    @property
    def host(self) -> str:
        """Host and port, which is all that is shown and kept of the address."""
        return urlsplit(self.url).netloc

    def ask(self, messages: Sequence[Message]) -> str:
        """What the model says.

        Raises UsageError in one line where the endpoint cannot be reached, refuses, takes too
        long, or does not speak the protocol.
        """
        body = {"model": self.model, "messages": list(messages), "temperature": 0, "stream": False}
        data = json.dumps(body, ensure_ascii=False).encode()
        answer = self._once(data)
        for attempt in range(self.patience.tries - 1):
            if isinstance(answer, bytes):
                break
            wait = answer.pause_s or self.patience.pause_s * 2**attempt
            time.sleep(min(wait, _LONGEST_PAUSE_S))
            answer = self._once(data)
        if isinstance(answer, bytes):
            return self._content(answer)
        self._fail("QH841", answer.told, answer.hint)

    def _once(self, data: bytes) -> bytes | _Passing:
        """The answer, or what may be otherwise a moment later."""
        import requests

        slow = _Passing(f"no answer within {self.patience.answer_s:g} s", _PATIENCE)
        try:
            return self._post(data)
        except requests.exceptions.Timeout:
            return slow
        except requests.exceptions.RequestException:
            return _Passing("cannot be reached, or breaks off", "is it running there?")

    def _post(self, data: bytes) -> bytes | _Passing:
        import requests

        url = self.url.rstrip("/")
        wait = (self.patience.connect_s, self.patience.answer_s)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        # Another host must not get the text of a plan: no redirects. With `auth` given, no
        # password is taken from the user's netrc.
        with requests.post(
            url if url.endswith(_PATH) else url + _PATH,
            data=data, headers=headers, timeout=wait, stream=True, allow_redirects=False,
            auth=self._sign,
        ) as answer:  # fmt: skip
            return self._refused(answer) or self._read(answer)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request

    def _refused(self, answer: requests.Response) -> _Passing | None:
        """A status that may pass; for others but 200 an error.

        What the server wrote is left out: it may repeat the key.
        """
        status = answer.status_code
        if status == HTTPStatus.OK:
            return None
        told = f"answers {status} {_phrase(status)}".rstrip()
        if status in _PASSING:
            return _Passing(
                told, "try again later", _seconds(answer.headers.get("Retry-After", ""))
            )
        hint = "is the address complete, such as https://host/v1, and the model's name right?"
        if status in (401, 403):
            hint = "check QIANHANG_LLM_KEY" if self.key else "set QIANHANG_LLM_KEY"
        self._fail("QH841", told, hint)

    def _read(self, answer: requests.Response) -> bytes:
        """The body, within the size and time allowed."""
        import requests

        until = time.monotonic() + self.patience.answer_s
        found = bytearray()
        for piece in answer.iter_content(_CHUNK):
            found += piece
            if len(found) > self.patience.most_bytes:
                told = f"answers more than {self.patience.most_bytes:,} bytes"
                self._fail("QH842", told, "ask another model")
            if time.monotonic() > until:
                raise requests.exceptions.ReadTimeout
        return bytes(found)

    def _content(self, data: bytes) -> str:
        """The words of the first choice."""
        body = read_json(data)
        try:
            content = body["choices"][0]["message"]["content"]
        except (TypeError, LookupError):
            content = None
        if not isinstance(content, str):
            told = f"answers {len(data):,} bytes that are no chat completion"
            self._fail("QH842", told, "is the address complete, such as https://host/v1?")
        return content

    def _fail(self, code: str, told: str, hint: str) -> NoReturn:
        message = f"endpoint {self.host}: {told}; nothing was kept"
        if code == "QH841":
            raise UsageError("QH841", message, hint=hint)
        raise UsageError("QH842", message, hint=hint)


@dataclass(frozen=True, slots=True)
class _Passing:
    """A failure that may be gone a moment later; pause_s : what the server asked for, else 0."""

    told: str
    hint: str
    pause_s: float = 0.0


def _phrase(status: int) -> str:
    """The standard's words for a status, not the server's own."""
    return HTTPStatus(status).phrase if status in {s.value for s in HTTPStatus} else ""


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _check(endpoint: Endpoint) -> None:
    hint = "--endpoint https://host/v1 --model NAME, or QIANHANG_LLM_ENDPOINT, QIANHANG_LLM_MODEL"
    if not endpoint.url or not endpoint.model:
        missing = "model" if endpoint.url else "endpoint"
        raise UsageError("QH840", f"no {missing} is set: the rules need none, this does", hint=hint)
    host = _host(endpoint.url)
    if not host:
        raise UsageError("QH840", "the endpoint is no plain http or https address", hint=hint)
    if not endpoint.key:
        return
    if not (endpoint.key.isascii() and endpoint.key.isprintable() and " " not in endpoint.key):
        raise UsageError("QH840", "QIANHANG_LLM_KEY holds a space or a character no key has")
    if urlsplit(endpoint.url).scheme == "http" and not _near(host):
        message = f"endpoint {endpoint.host}: over http the key would be sent in clear"
        raise UsageError("QH840", message, hint="use https, or unset QIANHANG_LLM_KEY")


def _host(url: str) -> str:
    """The host of an address that holds neither a user, a query nor a fragment; else ""."""
    try:
        parts = urlsplit(url)
        plain = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        return ""
    spoken = url.isprintable() and " " not in url and parts.scheme in ("http", "https")
    return parts.hostname or "" if plain and spoken else ""


def _near(host: str) -> bool:
    """Whether a host is this machine or an address of a private network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"
