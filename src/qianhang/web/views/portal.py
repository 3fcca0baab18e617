"""What the public portal answers with: the search, and how often an address may ask."""

from __future__ import annotations

from qianhang.access.attempts import place_of
from qianhang.runs.answering import Answerer
from qianhang.web.asked import Asked
from qianhang.web.rates import Rates, Shared, Taken

__all__ = ["PER_MINUTE", "answerer", "taken"]

# How often one address may do a thing in a minute.
PER_MINUTE = {"questions": 10, "complaints": 5, "looks": 30}


def answerer(ask: Asked) -> Answerer:
    """The search over the law, one for each process."""
    state = ask.request.app.state
    found: Answerer | None = getattr(state, "answerer", None)
    if found is None:
        found = state.answerer = Answerer(ask.store)
    return found


def taken(ask: Asked, what: str) -> Taken:
    """One thing more done from this address, counted, or refused."""
    state = ask.request.app.state
    every: dict[str, Rates | Shared] | None = getattr(state, "portal_rates", None)
    if every is None:
        every = state.portal_rates = {}
    if what not in every:
        every.setdefault(what, state.limiter.of(what, PER_MINUTE[what]))
    return every[what].take(place_of(ask.address))
