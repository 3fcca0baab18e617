"""Pages that are the same for everybody: without the reader's person, to be kept between us."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from starlette.responses import Response

from qianhang.core.words import LANGUAGES
from qianhang.web.asked import Asked, language_of

__all__ = ["MAX_AGE_S", "cached", "stranger"]

MAX_AGE_S = 300


def stranger(ask: Asked) -> Asked:
    """The request without its person, in the language of the address or of this browser."""
    named = ask.query("lang")
    lang = language_of(ask.request, None)
    if named in LANGUAGES:
        lang = "en" if named == "en" else "zh"
    return replace(ask, person=None, lang=lang)


def cached(ask: Asked, answer: Response) -> Response:
    """The answer to be kept for some minutes, or word that the asker's copy is still good."""
    mark = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:24]}"'
    kept = {
        "Cache-Control": f"public, max-age={MAX_AGE_S}", "ETag": mark,
        "Vary": "Cookie, Accept-Language",
    }  # fmt: skip
    known = ask.request.headers.get("if-none-match", "")
    if mark in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=304, headers=kept)
    answer.headers.update(kept)
    return answer
