#!/bin/sh
# Every test. As root or in CI the system services are installed and nothing is skipped.
set -eu
BIN=${BIN:-.venv/bin}
if [ "$(id -u)" = 0 ] || [ "${CI:-}" = true ]; then
    if ! command -v chromium >/dev/null || ! command -v promtool >/dev/null ||
        ! command -v slurmrestd >/dev/null ||
        ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
        apt-get update -qq
        # The run level says that what is installed shall not be started.
        export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
        apt-get install -y -qq chromium fonts-noto-cjk postgresql >/dev/null
        apt-get install -y -qq --no-install-recommends munge slurm-client slurm-wlm-jwt-plugin \
            slurmctld slurmd slurmrestd >/dev/null
        apt-get install -y -qq --no-install-recommends prometheus >/dev/null ||
            echo "prometheus could not be installed: promtool's check of the metrics is left out"
        unset RUNLEVEL
    fi
    export QIANHANG_SERVICES=required QIANHANG_SHOTS="${QIANHANG_SHOTS:-$PWD/reports/screens}"
    mkdir -p "$QIANHANG_SHOTS"
fi
if [ -z "${QIANHANG_DATA:-}" ] && [ -d ../shared/data ]; then
    QIANHANG_DATA=$(cd ../shared/data && pwd):$(cd ../shared && pwd)
    export QIANHANG_DATA
fi
scripts/check.sh
"$BIN/python" -m pytest --numprocesses 2 --dist loadgroup -m "not feed and not ray" "$@"
exec "$FEED/python" -m pytest -m feed tests/packs/test_feed_formulation.py \
    tests/testing/test_conformance.py
