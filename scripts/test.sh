#!/bin/sh
# Every test, in environments that make has filled. As root or in CI nothing is skipped.
set -eu
BIN=${BIN:-.venv/bin}
if [ "$(id -u)" = 0 ] || [ "${CI:-}" = true ]; then
    export QIANHANG_SERVICES=required QIANHANG_SHOTS="${QIANHANG_SHOTS:-$PWD/reports/screens}"
    mkdir -p "$QIANHANG_SHOTS"
fi
if [ -z "${QIANHANG_DATA:-}" ] && [ -d ../shared/data ]; then
    QIANHANG_DATA=$(cd ../shared/data && pwd):$(cd ../shared && pwd)
    export QIANHANG_DATA
fi
# Types are one process's work: the tests need not wait for it.
log=$(mktemp)
scripts/check.sh >"$log" 2>&1 &
check=$!
failed=0
"$FEED/python" -m pytest -m feed tests/packs/test_feed_formulation.py \
    tests/testing/test_conformance.py || failed=1
"$BIN/python" -m pytest --numprocesses 2 --dist loadgroup -m "not feed and not ray" "$@" || failed=1
# Told only where it found something, so that a good run ends with the tests' own last line.
wait "$check" || { failed=1 && cat "$log"; }
rm "$log"
exit "$failed"
