"""Writes docs/routes.md, every route with its roles and languages; --check only looks."""

import sys
from pathlib import Path

import tomli

from qianhang.web import api, pages

PAGE = Path("docs/routes.md")
TWINS = tomli.loads(Path(__file__).with_name("counterparts.toml").read_text("utf8"))
HEAD = """# Routes

Every address of the console and the HTTP API: who may use it, in which languages it answers, and
what it is for. `public` is anybody, `signed` whoever has signed in; roles hold at an organisation
and those below it, so a role opens the address, never another organisation's things. Pages answer a
reader without the role with 403 and a stranger with the sign-in page; the API answers 403 and 401.
Errors of the API are in English with a code; the pages' are in the reader's language.

Beside each page stand the operations of the [API](api.md) that do the same; where there are none,
`scripts/counterparts.toml` says why.

Written by `python scripts/routes.py`.
"""


def table() -> str:
    """The page as the routes are now."""
    lines = [HEAD]
    for title, groups, languages in (("Pages", pages.ROUTES, "zh, en"), ("API", api.ROUTES, "en")):
        last = "by the API" if title == "Pages" else "operation"
        lines += [
            f"## {title}\n",
            f"| | address | roles | languages | what | {last} |",
            "|-" * 6 + "|",
        ]
        for route in sorted(
            (r for g in groups for r in g.router.routes), key=lambda r: (r.path, sorted(r.methods))
        ):
            roles = ", ".join(route.openapi_extra["x-roles"])
            what = (route.endpoint.__doc__ or "").strip().split("\n\n")[0].split("\n")[0]
            method = ", ".join(sorted(route.methods))
            own = [route.operation_id] if title == "API" else []
            twins = TWINS["operations"].get(f"{method} {route.path}", own)
            told = " ".join(f"`{name}`" for name in twins)
            lines.append(f"| {method} | `{route.path}` | {roles} | {languages} | {what} | {told} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text("utf8") == table() else f"{PAGE} is old: scripts/routes.py")
    PAGE.write_text(table(), "utf8")
