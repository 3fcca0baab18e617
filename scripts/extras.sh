#!/bin/sh
# Each extra on its own, in a fresh environment: it installs, and the packs that need it conform.
#   scripts/extras.sh [EXTRA ...]
set -eu
PYTHON=${PYTHON:-python3}
ROOT=$(cd "$(dirname "$0")/.." && pwd)
for extra in ${*:-water health crop energy grid heat traffic routing ocean feed}; do
    place=$(mktemp -d)
    "$PYTHON" -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --quiet --no-compile "$ROOT[$extra]"
    size=$(du -sm "$place/venv" | cut -f1)
    QIANHANG_HOME=$place/home
    export QIANHANG_HOME
    packs=$("$place/venv/bin/python" -c "
from qianhang.core.pack import packs
print(*(p.id for p in packs() if p.manifest.extra == '$extra'))")
    for pack in $packs; do
        (cd "$place" && "$place/venv/bin/qianhang" pack check "$pack") | tail -n 1 | sed "s/^/$extra ($size MB) $pack: /"
    done
    rm -rf "$place"
done
