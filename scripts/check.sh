#!/bin/sh
# Style, types and layers: what make test runs beside the tests.
set -eu
BIN=${BIN:-.venv/bin}
"$BIN/ruff" check src tests bench scripts
"$BIN/ruff" format --check src tests bench scripts
"$BIN/mypy"
"$BIN/lint-imports" --no-cache
"$BIN/python" scripts/sizes.py
