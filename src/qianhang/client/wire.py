"""Requests on their way: signed, repeated where that is safe, problems as named errors."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from qianhang.core.errors import QianhangError

__all__ = ["ApiProblem", "Wire"]

_AGAIN = frozenset({429, 503})
_LONGEST_WAIT_S = 60.0


class ApiProblem(QianhangError):
    """The server's answer to a request that it refuses; status : the HTTP status.

    errors : where and what, for each wrong field of the request
    """

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", errors: Any = ()
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.status, self.errors = status, tuple(errors)

    def __reduce__(self) -> tuple[object, tuple[Any, ...]]:
        return (_rebuilt, (self.status, self.code, self.message, self.hint, self.errors))


def _rebuilt(status: int, code: str, message: str, hint: str, errors: Any) -> ApiProblem:
    return ApiProblem(status, code, message, hint=hint, errors=errors)


class Wire:
    """One connection to a server.

    url : where people reach the console; key : an API key, `qh_<id>_<secret>`
    timeout_s : without an answer for so long, a request has failed
    tries : how often a request is sent at most
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = 60.0, tries: int = 5) -> None:
        self._base = f"{url.rstrip('/')}/api/v1"
        self._timeout, self._tries = timeout_s, max(1, tries)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def read(self, path: str, /, **query: Any) -> requests.Response:
        """The answer to a question.

        Raises ApiProblem where the server refuses.
        """
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        return self._send("GET", path, params=asked)

    def write(self, method: str, path: str, /, **body: Any) -> requests.Response:
        """The answer to a request that changes something, done once however often it is sent.

        Raises ApiProblem where the server refuses.
        """
        return self._send(method, path, headers={"Idempotency-Key": uuid.uuid4().hex}, **body)

    def pages(self, path: str, /, **query: Any) -> Iterator[dict[str, Any]]:
        """Each thing of a list, fetched a page at a time."""
        cursor = ""
        while cursor is not None:
            page = self.read(path, **query, cursor=cursor).json()
            yield from page["items"]
            cursor = page["next"]

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        """The answer; a full queue, a busy server and a lost connection are tried again."""
        for left in reversed(range(self._tries)):
            try:
                answer = self._session.request(
                    method, f"{self._base}{path}", timeout=self._timeout, **more
                )
            except (requests.ConnectionError, requests.Timeout):
                if not left:
                    raise
                self._pause(self._tries - left, {})
                continue
            if answer.ok:
                return answer
            problem = _problem(answer)
            # A 409 that says when is the same request, still being carried out.
            under_way = answer.status_code == 409 and "Retry-After" in answer.headers
            if not left or not (answer.status_code in _AGAIN or under_way):
                raise problem
            self._pause(self._tries - left, answer.headers)
        raise RuntimeError("a request is sent at least once")

    def _pause(self, tried: int, headers: Mapping[str, str]) -> None:
        told = headers.get("Retry-After", "")
        wait = float(told) if told.isascii() and told.isdecimal() else 0.25 * 2**tried
        time.sleep(min(wait, _LONGEST_WAIT_S))


def _problem(answer: requests.Response) -> ApiProblem:
    """The problem that the server tells, or what stands in its place (a proxy's page, say)."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "code" not in body:
        return ApiProblem(answer.status_code, f"HTTP {answer.status_code}", answer.reason)
    return ApiProblem(
        answer.status_code, body["code"], body["title"], hint=body.get("hint", ""),
        errors=body.get("errors", ()),
    )  # fmt: skip
