"""What the engines are asked about the attempts, and when: never twice at once, never in a rush."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.engines import Answer, Engines
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.ledgers import Ledgers
from qianhang.compute.door.moments import seconds
from qianhang.compute.driver import Status
from qianhang.compute.policy import Refuse
from qianhang.compute.task import Outcome

__all__ = ["Watch", "told"]

_SOON_S = 15.0
_HANDS = 4  # tasks handed to one pool at once, where its driver can
_UNKNOWN = Status("unknown")
_SILENT = Status("unknown", detail="its engine does not tell")


class Watch:
    """Asks for a supervisor."""

    def __init__(self, engines: Engines) -> None:
        self.engines, self.patience = engines, engines.patience

    def begin(self, ledgers: Ledgers, begun: Sequence[Attempt], now: datetime) -> list[Answer]:
        """What the engines say to new attempts that are handed to them."""
        for one in begun:
            ledgers.tried[one.token] = (now.timestamp() + self.patience.lag_s, 1)
        asks = [(one, _later(self.engines.submit, ledgers.jobs[one.job], one)) for one in begun]
        return self.engines.each(asks, hands=_HANDS)

    def look(self, ledgers: Ledgers, now: datetime) -> list[tuple[Attempt, Answer]]:
        """The live attempts that are otherwise than before, with what their engines say."""
        live = list(ledgers.live.values())
        for attempt in live:
            self._stop(attempt, ledgers, now)
        asks = [(one, _later(self._ask, one, ledgers, now)) for one in live]
        found = zip(live, self.engines.each(asks), strict=True)
        return [(one, answer) for one, answer in found if _is_news(one, answer)]

    def fenced(self, ledgers: Ledgers) -> list[tuple[Attempt, Outcome]]:
        """Fenced attempts that have ended now, or never were: stopped as soon as they are seen."""
        about = [one for one in ledgers.fenced.values() if self.engines.up(one.pool)]
        asks = [(one, _later(self._end, one)) for one in about]
        found = zip(about, self.engines.each(asks), strict=True)
        return [(one, a.status.outcome) for one, a in found if a.status.outcome is not None]

    def _ask(self, attempt: Attempt, ledgers: Ledgers, now: datetime) -> Answer:
        """How the attempt is; what its engine has not got is given to it, under the same token.

        A driver looks whether it has the token before it takes it, so that nothing runs twice.
        """
        if not self.engines.up(attempt.pool):
            return Answer(_UNKNOWN, attempt.ref)
        if attempt.ref:
            answer = self.engines.poll(attempt)
            if answer.status.knowledge != "absent":
                return answer
        at, count = ledgers.tried.get(attempt.token, (0.0, 0))
        if now.timestamp() < max(at, seconds(attempt.made) + self.patience.lag_s):
            return Answer(_UNKNOWN, attempt.ref)
        # Soon at first, since a controller that died is back soon; seldom where it goes on.
        most = min(
            self.patience.retry_s, max(_SOON_S, (now.timestamp() - seconds(attempt.made)) / 4)
        )
        pause = min(most, self.patience.lag_s * 2**count)
        ledgers.tried[attempt.token] = (now.timestamp() + pause, count + 1)
        return self._hand_over(ledgers.jobs[attempt.job], attempt, now)

    def _hand_over(self, kept: Kept, attempt: Attempt, now: datetime) -> Answer:
        """The attempt given to its engine again, unless nobody wants it there any more."""
        age = now.timestamp() - seconds(attempt.made)
        tired = not attempt.ref and age > self.patience.give_up_s
        if kept.cancel or tired:
            ref = self.engines.find(attempt)
            if ref is None:
                return Answer(_SILENT, attempt.ref)
            if not ref and kept.cancel:
                return Answer(Status("known", "ended", Outcome("cancelled")), attempt.ref)
            if not ref:
                return Answer(_UNKNOWN, refusal=f"not taken for {age:.0f} s, and not there")
        return self.engines.submit(kept, attempt)

    def _stop(self, attempt: Attempt, ledgers: Ledgers, now: datetime) -> None:
        """Ask an engine to stop what was cancelled or should have left, now and then."""
        moment = now.timestamp()
        if attempt.leaving and attempt.token not in ledgers.told:
            self.engines.tell_to_leave(attempt)
            ledgers.told[attempt.token] = 0.0
        over = bool(attempt.leaving) and moment >= seconds(attempt.leaving)
        if not (ledgers.jobs[attempt.job].cancel or over) or not attempt.ref:
            return
        last = ledgers.told.get(attempt.token, 0.0)
        if moment - last >= self.patience.lag_s and self.engines.up(attempt.pool):
            self.engines.cancel(attempt)
            ledgers.told[attempt.token] = moment

    def _end(self, attempt: Attempt) -> Answer:
        """A fenced attempt stopped; where its engine has never had it, that is its end too."""
        ref = self.engines.find(attempt)
        if ref is None:
            return Answer(_SILENT)
        if not ref:
            return Answer(Status("known", "ended", Outcome("lost")))
        known = replace(attempt, ref=ref)
        self.engines.cancel(known)
        return self.engines.poll(known)


def told(found: Refuse) -> dict[str, object]:
    """A refusal as a row keeps it."""
    return {"refused": [one._asdict() for one in found.refusals]}


def _later(call: Callable[..., Answer], *given: object) -> Callable[[], Answer]:
    return lambda: call(*given)


def _is_news(attempt: Attempt, answer: Answer) -> bool:
    status = answer.status
    if status.outcome is not None or answer.refusal or (answer.ref and answer.ref != attempt.ref):
        return True
    state = "running" if status.phase == "running" else "submitted"
    if status.knowledge != "known":
        state = "unknown" if attempt.ref else "submitting"
    return state != attempt.state
