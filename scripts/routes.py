"""Writes docs/routes.md, every route with its roles and languages; --check only looks."""

import sys
from pathlib import Path

from qianhang.web import api, pages

PAGE = Path("docs/routes.md")
HEAD = """# Routes

Every address of the console and the HTTP API: who may use it, in which languages it answers, and
what it is for. `public` is anybody, `signed` whoever has signed in; roles hold at an organisation
and those below it, so a role opens the address, never another organisation's things. Pages answer a
reader without the role with 403 and a stranger with the sign-in page; the API answers 403 and 401.
Errors of the API are in English with a code; the pages' are in the reader's language.

Written by `python scripts/routes.py`.
"""


def table() -> str:
    """The page as the routes are now."""
    lines = [HEAD]
    for title, groups, languages in (("Pages", pages.ROUTES, "zh, en"), ("API", api.ROUTES, "en")):
        lines += [f"## {title}\n", "| | address | roles | languages | what |", "|-|-|-|-|-|"]
        for route in sorted(
            (r for g in groups for r in g.router.routes), key=lambda r: (r.path, sorted(r.methods))
        ):
            roles = ", ".join(route.openapi_extra["x-roles"])
            what = (route.endpoint.__doc__ or "").strip().split("\n\n")[0].split("\n")[0]
            method = ", ".join(sorted(route.methods))
            lines.append(f"| {method} | `{route.path}` | {roles} | {languages} | {what} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text("utf8") == table() else f"{PAGE} is old: scripts/routes.py")
    PAGE.write_text(table(), "utf8")
