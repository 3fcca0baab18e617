"""Every route is declared with its roles and in the table; every text is there in both languages."""

import ast
import re
import runpy
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from qianhang.access import ROLES
from qianhang.core import words as core
from qianhang.web import api, pages, words
from qianhang.web.app import create_app

WEB = Path(words.__file__).parent
ROOT = WEB.parents[2]
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SOURCES = sorted(WEB.rglob("*.py"))
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
ROUTES = [r for group in (*pages.ROUTES, *api.ROUTES) for r in group.router.routes]
# Where markup of our own making comes in whole: SVG of a code to scan, a report's parts, a tag.
WHOLE = ("account/factor.html", "overview/parts.html", "runs/run.html")
# What a page says in its own language, not in the reader's.
NAMES = {
    "CSV",
    "XLSX",
    "JSON",
    "TOTP",
    "API",
    "DOCX",
    "HTML",
    "TXT",
    "Esc",
    "PDF",
    "GeoJSON",
    "SHA",
    "English",
}


def test_each_route_declares_roles_that_exist():
    for route in ROUTES:
        roles = route.openapi_extra["x-roles"]
        assert roles, route.path
        assert set(roles) <= {"public", "signed", *ROLES}, route.path


def test_no_route_of_the_application_comes_from_elsewhere(site):
    known = {(r.path, tuple(sorted(r.methods))) for r in ROUTES}
    todo = list(site.app.routes)
    while todo:
        one = todo.pop()
        todo += getattr(getattr(one, "original_router", one), "routes", None) or []
        if hasattr(one, "methods"):
            assert (one.path, tuple(sorted(one.methods))) in known
    assert create_app is not None


def test_a_route_without_an_unsafe_method_changes_nothing_by_name():
    assert {m for r in ROUTES for m in r.methods} <= {"GET", "POST", "PATCH", "DELETE"}
    # Whatever is open to strangers and changes something is named here, each with a limit of its own.
    assert {r.path for r in ROUTES if "public" in r.openapi_extra["x-roles"] and r.methods != {"GET"}} == {
        "/sign-in", "/sign-out", "/sign-in/openid/code", "/ticket/{secret}", "/open/complaint", "/api/v1/portal/complaints",
    }  # fmt: skip


def test_the_table_of_routes_is_current():
    table = runpy.run_path(str(ROOT / "scripts" / "routes.py"))["table"]()
    written = (ROOT / "docs" / "routes.md").read_text(encoding="utf8")
    assert written == table, "python scripts/routes.py"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_stranger_is_led_to_the_door_or_refused_in_either_language(site, lang):
    stranger = site.another({"Accept-Language": lang})
    for route in ROUTES:
        if "public" in route.openapi_extra["x-roles"] or "GET" not in route.methods:
            continue
        path = re.sub(r"\{\w+(:\w+)?\}", "1", route.path)
        answer = stranger.get(path, follow_redirects=False)
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path


# Words


def test_both_catalogues_hold_the_same_keys_with_the_same_places():
    zh, en = words.catalogue("zh"), words.catalogue("en")
    assert sorted(zh) == sorted(en)
    for key in zh:
        places = [sorted(set(re.findall(r"\{(\w+)\}", text))) for text in (zh[key], en[key])]
        # A date has its months in words in one language and as a number in the other.
        assert places[0] == places[1] or key in ("form.day", "form.month"), key
        assert zh[key].strip(), key
        assert en[key].strip(), key


def test_english_texts_hold_no_chinese_but_names():
    # The reference of the API is one page for both languages.
    allowed = ("site.other_language", "site.name", "api.head", "api.shapes")
    found = {k for k, v in words.catalogue("en").items() if re.search(r"[\u3400-\u9fff]", v)}
    assert {k for k in found if k not in allowed and "other_language" not in k} == set()


def keys():
    return {*words.catalogue("zh"), *core.catalogue("zh")}


def called():
    """(place, the key or its beginning, whether it goes on) of every text that is asked for."""
    for path in TEMPLATES:
        text = path.read_text(encoding="utf8")
        for found in re.finditer(r"""(?<![\w.])t\(\s*(["'])([\w.]+)\1\s*(~?)""", text):
            yield f"{path.name}", found[2], bool(found[3])
        for found in re.finditer(r"""\(?(["'])([a-z_]+\.[\w.]*)\1 ~ [^)]*?\) is worded""", text):
            yield f"{path.name}", found[2], True
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call) and node.args and name_of(node.func) in ("t", "say"):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield path.name, first.value, False
                elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                    yield path.name, first.values[0].value, True


def name_of(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_text_that_is_asked_for_is_there():
    known, missing = keys(), []
    for place, key, goes_on in called():
        there = any(k.startswith(key) for k in known) if goes_on else key in known
        if not there:
            missing.append((place, key))
    assert missing == []
    assert len(list(called())) > 300


def spoken(path):
    """The words of a template that are no markup, no expression, no comment."""
    text = path.read_text(encoding="utf8")
    for pattern in (r"\{#.*?#\}", r"\{%.*?%\}", r"\{\{.*?\}\}", r"<script.*?</script>", r"<code.*?</code>", r"<pre.*?</pre>", r"<kbd.*?</kbd>"):  # fmt: skip
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    return " ".join([re.sub(r"<[^>]*>", " ", text, flags=re.DOTALL), *said])


DAYS = re.compile(r'<input[^>]* name="(?:day|due|on|first|last|expires|contract\.signed)"[^>]*>')


def test_a_day_is_asked_for_by_the_browsers_own_field():
    """Each field of a day, by its name, in whatever form the browser shows it."""
    found = [one for path in TEMPLATES for one in DAYS.findall(path.read_text("utf8"))]
    assert len(found) > 10
    assert [one for one in found if 'type="date"' not in one] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_template_speaks_a_language_of_its_own(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf8"), flags=re.DOTALL)
    # A language is named in itself; a place's name is cut where its tile is narrow.
    assert CHINESE.findall(text.replace("中文", "").replace("地区", "")) == []
    said = re.findall(r"[A-Za-z]{3,}", re.sub(r"&\w+;", " ", spoken(path)))
    assert [w for w in said if w not in NAMES] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(WEB)))
def test_no_module_of_the_console_holds_chinese(path):
    """Docstrings may name a term, the API's description gives examples; the rest is in words_*."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    examples = {
        id(n)
        for k in ast.walk(tree)
        if isinstance(k, ast.keyword) and k.arg in ("examples", "description", "json_schema_extra")
        for n in ast.walk(k.value)
    }
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in examples]
    documented = [n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)]
    found = [
        n.value for n in texts
        if n not in documented and isinstance(n.value, str) and re.search(r"[\u3400-\u9fff]", n.value)
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_template_has_a_style_or_a_script_in_line(path):
    text = path.read_text(encoding="utf8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son\w+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", re.sub(r"<a [^>]*>", "", text))
    if "| safe" in text or "|safe" in text:
        assert f"{path.parent.name}/{path.name}" in WHOLE
