"""docs/api.md from the API's own description: each operation, then each shape with its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from qianhang.web import words
from qianhang.web.api import ROUTES
from qianhang.web.described import described

__all__ = ["reference"]


def reference() -> str:
    """The whole page, as Markdown."""
    bare = FastAPI()
    for routes in ROUTES:
        bare.include_router(routes.router)
    told = described(bare)
    return "\n".join([words.say("api.head", lang="zh"), *_operations(told), *_shapes(told)]) + "\n"


def _operations(told: Mapping[str, Any]) -> Iterator[str]:
    for tag in told["tags"]:
        yield f"\n## {tag['name']} {tag['description']}\n"
        yield "| | | roles | scope | |\n| --- | --- | --- | --- | --- |"
        for path, operations in told["paths"].items():
            for method, one in operations.items():
                if tag["name"] in one["tags"]:
                    yield _operation(method, path, one)


def _operation(method: str, path: str, one: Mapping[str, Any]) -> str:
    query = [f"`{p['name']}`" for p in one.get("parameters", ()) if p["in"] == "query"]
    body = one.get("requestBody", {}).get("content", {})
    takes = [_type(c["schema"]) for c in body.values()]
    good = next(a for status, a in one["responses"].items() if status.startswith("2"))
    gives = [_type(c.get("schema", {})) for c in good.get("content", {}).values()]
    text = one["description"].replace("|", "\\|").replace("\n", " ")
    more = [" ".join(query), " ".join(takes) and f"← {' '.join(takes)}"]
    more += [" ".join(gives) and f"→ {gives[0]}"]
    roles, scope = ", ".join(one["x-roles"]), one["x-scope"]
    told = " · ".join([text, *(m for m in more if m)])
    return f"| `{method.upper()} {path}` | `{one['operationId']}` | {roles} | {scope} | {told} |"


def _shapes(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {words.say('api.shapes', lang='zh')}"
    for name, shape in sorted(told["components"]["schemas"].items()):
        if "properties" not in shape or name.startswith("Body_"):
            continue
        yield f"\n### {name}\n\n{shape.get('description', '')}\n"
        yield "| | | |\n| --- | --- | --- |"
        needed = set(shape.get("required", ()))
        for field, kind in shape["properties"].items():
            mark = "" if field in needed else "?"
            about = str(kind.get("description", "")).replace("|", "\\|")
            yield f"| `{field}`{mark} | {_type(kind)} | {about} |"


def _type(kind: Mapping[str, Any]) -> str:
    """A schema in a word or two."""
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return "form" if name.startswith("Body_") else f"[{name}](#{name.lower()})"
    if "anyOf" in kind:
        return " or ".join(dict.fromkeys(_type(k) for k in kind["anyOf"]))
    if "enum" in kind:
        return ", ".join(f"`{v}`" for v in kind["enum"] if v != "")
    if kind.get("type") == "array":
        return f"list of {_type(kind.get('items', {}))}"
    if kind.get("type") == "object" and isinstance(kind.get("additionalProperties"), dict):
        return f"map to {_type(kind['additionalProperties'])}"
    return str(kind.get("format") or kind.get("type") or "any")
