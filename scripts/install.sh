#!/bin/sh
# scripts/install.sh VENV WHAT: WHAT (`.[demo]`), editable, in the environment VENV.
# By uv, which takes a seventh of pip's CPU, from the index that pip is told to use; by pip where
# uv cannot be had, fails, or where pip is told something that uv does not read.
set -eu
bin=$1/bin
told=$("$bin/pip" config list)
setting() {
    printf '%s\n' "$told" | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | head -n 1
}
by_uv() {
    case $told in *.no-index=* | *.constraint=* | *.proxy=* | *.client-cert=*) return 1 ;; esac
    "$bin/pip" install --quiet --no-compile uv || return 1
    index=$(setting index-url)
    cert=$(setting cert)
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${index:-https://pypi.org/simple}}
    export UV_DEFAULT_INDEX
    if [ -n "$cert" ]; then
        SSL_CERT_FILE=$cert
        export SSL_CERT_FILE
    fi
    "$bin/uv" pip install --quiet --python "$bin/python" --editable "$2"
}
by_uv "$@" || "$bin/pip" install --quiet --no-compile --editable "$2"
