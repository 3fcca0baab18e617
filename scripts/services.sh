#!/bin/sh
# The system services of the tests: installed as root or in CI, elsewhere tests without one skip.
set -eu
[ "$(id -u)" = 0 ] || [ "${CI:-}" = true ] || exit 0
if command -v chromium >/dev/null && command -v promtool >/dev/null &&
    command -v slurmrestd >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
apt-get update -qq
# The run level says that what is installed shall not be started.
export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq chromium fonts-noto-cjk postgresql >/dev/null
apt-get install -y -qq --no-install-recommends munge slurm-client slurm-wlm-jwt-plugin \
    slurmctld slurmd slurmrestd >/dev/null
apt-get install -y -qq --no-install-recommends prometheus >/dev/null ||
    echo "prometheus could not be installed: promtool's check of the metrics is left out"
