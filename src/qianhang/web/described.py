"""The API's description (OpenAPI 3.1): problems, security, headers, tags beside FastAPI's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field

import qianhang
from qianhang.web import words

__all__ = ["FieldProblem", "Problem", "answers", "described"]

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_MEDIA = "application/problem+json"
_TITLES: Mapping[int | str, str] = {
    401: "Nobody is signed in, or the key is not known.",
    403: "The role or the key's scope does not cover this.",
    404: "There is no such thing, or none for whoever asks.",
    409: "It was changed meanwhile, or the same request is being carried out.",
    413: "The body is too large.",
    422: "The request cannot be carried out as it is written.",
    429: "Too many requests, or the queue is full: wait as Retry-After says.",
    "default": "Another problem, by its code.",
}


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    where: str = Field(description="Path of the field", examples=["body.seed"])
    message: str = Field(description="What was expected", examples=["Input should be an integer"])


class Problem(BaseModel):
    """An error as RFC 9457 has it, with the product's own code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/docs/errors#QH804",
                    "title": "run '20260301-080000-abcdef' does not exist",
                    "status": 404,
                    "code": "QH804",
                    "hint": "",
                    "instance": "/api/v1/runs/20260301-080000-abcdef",
                    "request": "3f1b2c4d5e6f7a8b",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="Where the code is explained")
    title: str = Field(description="What was found, where, and what was expected")
    status: int = Field(description="HTTP status", ge=400, le=599)
    code: str = Field(description="Code of the error, which stays", pattern="^QH[0-9]{3}$")
    hint: str = Field(description="What to do, or empty")
    instance: str = Field(description="Path of the request")
    request: str = Field(description="Id of the request, as it stands in the server's log")
    errors: list[FieldProblem] = Field(description="Each wrong field of the request, at most 50")


answers: Mapping[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {_MEDIA: {"schema": _PROBLEM}}}
    for status, title in _TITLES.items()
}

_SECURITY = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, qh_<id>_<secret>; x-scope names the scope that it needs",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "qh",
        "description": "The session of the console, from the same origin (__Host-qh by https)",
    },
}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "One for each new request: sent again within 24 hours it is answered as before, "
    "with the header Idempotent-Replay, and done once",
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
}
_LIMITS = {
    "RateLimit-Limit": "Requests a minute",
    "RateLimit-Remaining": "Requests left",
    "RateLimit-Reset": "Seconds until all are there again",
}


def described(app: FastAPI) -> dict[str, Any]:
    """The description of every route of `app` that is part of the API."""
    found: dict[str, Any] = get_openapi(
        title=words.say("api.title", lang="en"),
        version=qianhang.__version__,
        description=_both("api.about"),
        routes=app.routes,
        servers=[{"url": "/"}],
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, FieldProblem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    found["components"]["securitySchemes"] = _SECURITY
    found["tags"] = [{"name": t, "description": _both(f"api.{t}")} for t in _tags(found)]
    for method, operation in _operations(found):
        _complete(method, operation)
    return found


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add to an operation what holds for every one."""
    public = "public" in operation["x-roles"]
    operation["security"] = [] if public else [{"key": []}, {"session": []}]
    if method != "get":
        operation.setdefault("parameters", []).append(_KEY_HEADER)
    schema = {"type": "integer", "minimum": 0}
    limits = {n: {"description": d, "schema": schema} for n, d in _LIMITS.items()}
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer["headers"] = limits | answer.get("headers", {})


def _operations(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in found["paths"].values():
        yield from path.items()


def _tags(found: Mapping[str, Any]) -> list[str]:
    """The tags in use, in the order in which they come."""
    return list(dict.fromkeys(tag for _, one in _operations(found) for tag in one["tags"]))


def _both(key: str) -> str:
    return f"{words.say(key, lang='zh')} · {words.say(key, lang='en')}"
