#!/bin/sh
# A bare Debian has Python without venv: as root install it, otherwise say how.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3-venv
else
    echo "Python's venv module is missing; run: sudo apt-get install python3-venv" >&2
    exit 1
fi
