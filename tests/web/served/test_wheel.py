"""The wheel as people get it: built, installed into an environment of its own, served from there.

The libraries are those of the environment that runs the tests; ours is there only as the wheel.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# What builds the wheel comes from the package index, which a developer's machine may be without.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("QIANHANG_SERVICES") != "required", reason="only with QIANHANG_SERVICES"
    ),
]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def installed(tmp_path):
    """The Python of an environment that has the wheel, and nothing else of ours."""
    wheels, place = tmp_path / "wheels", tmp_path / "venv"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, ROOT)
    (wheel,) = wheels.glob("qianhang-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / "bin/python"
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    install = ("install", "--quiet", "--no-compile", "--no-deps", "--target", own, wheel)
    run(sys.executable, "-m", "pip", *install)
    # A path named in a .pth file comes last, and the .pth files in it, ours among them, do not count.
    Path(own, "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf8")
    return python


def test_the_wheel_serves_the_sign_in_page_and_every_file_that_a_page_names(
    installed, serving, tmp_path
):
    environ = {"QIANHANG_HOME": str(tmp_path / "home"), "PYTHONPATH": ""}
    with serving(environ=environ, command=(installed, "-m", "qianhang")) as served:
        said = served.log.read_text()
        (link,) = re.findall(r"http://127\S+(/ticket/\S+)", said)
        pages = [served.get(path) for path in ("/sign-in", "/docs/errors", link)]
        assert pages[0].status_code == 200
        assert 'id="QH101"' in pages[1].text, "the pages of the codes are in the wheel"
        names = set()
        for page in pages:
            names |= set(re.findall(r'(/static/[^"?]+)', page.text))
        assert {"/static/vendor/htmx.min.js", "/static/vendor/echarts.min.js"} <= names
        told = run(installed, "-I", "-c", "import qianhang.web as w; print(w.__path__[0])")
        folder = told.strip()
        assert not Path(folder).is_relative_to(ROOT)
        static = Path(folder) / "static"
        names |= {f"/static/{p.relative_to(static)}" for p in static.rglob("*") if p.is_file()}
        assert {n: served.get(n).status_code for n in sorted(names)} == dict.fromkeys(names, 200)
