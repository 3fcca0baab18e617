"""`make bench`: every figure that we claim, one script after the other."""

import subprocess
import sys
from pathlib import Path

for script in ("catalogue.py", "engines.py", "packs.py"):
    print(f"\n== {script}", flush=True)
    subprocess.run([sys.executable, str(Path(__file__).with_name(script))], check=True)
