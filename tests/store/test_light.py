"""Start-up: what `qianhang --help` and `qianhang list` pay for the store."""

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "alembic", "fsspec", "numpy", "pandas")


@pytest.mark.parametrize(
    "code",
    [
        "import qianhang.store",
        "from qianhang.store import Settings, glance; glance(Settings.load(), 'SELECT 1')",
        "import qianhang.models, qianhang.compute, qianhang.safety",
        "from qianhang.plan import evidence",
        "from qianhang import safety; safety.check_use("
        "safety.Use('thing', 'agriculture', 'feed'), risk='minimal', scenario='x.y')",
    ],
)
def test_a_light_import_stays_light(code, home):
    check = f"{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
