"""A plan put to a model section by section; what its text bears out becomes drafts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import items, ledger, rules, schema
from qianhang.plan.author import signed, stamp, take_turns
from qianhang.plan.items import Item, Plan
from qianhang.plan.proposals.answer import read_answer
from qianhang.plan.proposals.drafts import LETTERS, Proposed, drafts, numbered
from qianhang.plan.proposals.grounding import Refusal, ground
from qianhang.plan.proposals.passages import Passage, passages
from qianhang.plan.reading.fold import Folded, fold

if TYPE_CHECKING:
    from qianhang.plan.proposals.endpoint import Endpoint, Message
    from qianhang.store import Store, Transaction

__all__ = ["Outcome", "Progress", "propose"]

Progress = Callable[[Passage, int, int], None]  # what is asked next, its number, how many in all
# A model that spoke out of form is asked once more.
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the proposals: kept as drafts, known already, refused.

    asked : how many passages the model was shown
    """

    plan: Plan
    asked: int
    items: tuple[Item, ...]
    known: int
    refused: tuple[Refusal, ...]

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many were refused for each reason."""
        return Counter(r.reason for r in self.refused)


def propose(
    store: Store,
    plan: Plan,
    *,
    endpoint: Endpoint,
    by: str,
    at: datetime,
    sections: Sequence[str] = (),
    write: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """What a model finds in a plan beside the rules, as drafts; all written at once, or nothing.

    by : who asks; sections : paths to which the questions are limited, those below them included
    write : False shows what would be kept
    Raises UsageError where a section is not there, the endpoint fails, its answer is none, or the
    plan was issued again meanwhile.
    """
    by = signed(by)
    folded = fold(items.text_of_plan(store, plan))
    every = items.items(store, plan)
    found_in = passages(folded.original, [i for i in every if i.kind == "section"])
    asked = _chosen(found_in, sections, plan)
    found: list[Proposed] = []
    refused: list[Refusal] = []
    for n, passage in enumerate(asked, start=1):
        if progress:
            progress(passage, n, len(asked))
        borne, denied = _put_to(endpoint, passage, folded=folded, every=every, plan=plan)
        found += borne
        refused += denied
    source = {"source": "model", "model": endpoint.model, "endpoint": endpoint.host}
    source["asked"] = stamp(at)
    if not write:
        new = drafts(found, every, plan=plan, folded=folded, source=source)
        return Outcome(plan, len(asked), new, len(found) - len(new), tuple(refused))
    with store.write() as tx:
        take_turns(tx)
        _expect_same(tx, plan)
        now = items._items(tx.connection, plan.id, plan.version, "")
        new = drafts(found, now, plan=plan, folded=folded, source=source)
        new = numbered(new, ledger._codes(tx, plan))
        outcome = Outcome(plan, len(asked), new, len(found) - len(new), tuple(refused))
        _put(tx, outcome, source=source, by=by, at=at)
    return outcome


def _put_to(
    endpoint: Endpoint, passage: Passage, *, folded: Folded, every: Iterable[Item], plan: Plan
) -> tuple[list[Proposed], list[Refusal]]:
    """What a model proposes for one passage: what the text bears out, and what it does not."""
    messages = _messages(folded.original, passage, every)
    prompt = _sha(json.dumps(messages, ensure_ascii=False))
    answer = _ask(endpoint, messages, where=f"section {passage.section or '-'}")
    made = [ground(raw, passage=passage, folded=folded, plan=plan) for raw in answer]
    borne = [Proposed(m, prompt) for m in made if not isinstance(m, Refusal)]
    return borne, [m for m in made if isinstance(m, Refusal)]


def _chosen(found: tuple[Passage, ...], sections: Sequence[str], plan: Plan) -> list[Passage]:
    """The passages of these sections and of those below them; all where none is named."""
    for path in sections:
        if not any(_within(p.section, path) for p in found):
            message = f"plan {plan.ref} has no section {path!r} with words of its own"
            raise UsageError("QH821", message, hint=f"qianhang plan show {plan.ref} --kind section")
    return [p for p in found if not sections or any(_within(p.section, s) for s in sections)]


def _within(section: str, path: str) -> bool:
    return section == path or section.startswith(f"{path}.")


def _messages(text: str, passage: Passage, every: Iterable[Item]) -> list[Message]:
    """The question about one passage: what is asked, then the text as data."""
    known = [_known(i) for i in every if passage.start <= i.start < passage.end]
    shown = {
        "section": passage.section, "title": passage.title,
        "text": text[passage.start : passage.end], "known": [k for k in known if k],
    }  # fmt: skip
    return [
        {"role": "system", "content": instruction()},
        {"role": "user", "content": json.dumps(shown, ensure_ascii=False)},
    ]


def instruction() -> str:
    """What a model is asked to do."""
    return Path(__file__).with_name("prompt.txt").read_text(encoding="utf8")


def _known(item: Item) -> dict[str, Any]:
    if item.kind not in LETTERS:
        return {}
    values = item.values
    if item.kind != "target":
        return {"kind": item.kind, "name": item.name}
    value = values["low"] if values["high"] is None else [values["low"], values["high"]]
    return {"kind": "target", "indicator": item.name, "value": value, "unit": values["unit"]}


def _ask(
    endpoint: Endpoint, messages: Sequence[Message], *, where: str
) -> tuple[Mapping[str, Any], ...]:
    for _ in range(_TRIES - 1):
        try:
            return read_answer(endpoint.ask(messages), where=where)
        except UsageError as cause:
            if cause.code != "QH842":
                raise
    return read_answer(endpoint.ask(messages), where=where)


def _expect_same(tx: Transaction, plan: Plan) -> None:
    table = schema.plan
    version = tx.execute(sa.select(table.c.version).where(table.c.id == plan.id)).scalar()
    if version != plan.version:
        message = f"{plan.ref}: the plan was issued again while the model was asked"
        raise UsageError("QH822", f"{message}; nothing was kept", hint="ask again")


def _put(
    tx: Transaction, outcome: Outcome, *, source: Mapping[str, str], by: str, at: datetime
) -> None:
    plan = outcome.plan
    ledger.put_items(tx, outcome.items)
    ledger._know_indicators(tx, outcome.items)
    rules.propose(tx, outcome.items, plan=plan, at=at)
    payload = {
        "version": plan.version, "by": by, **source, "instruction": _sha(instruction()),
        "asked": outcome.asked, "codes": [i.code for i in outcome.items],
        "known": outcome.known, "refused": dict(outcome.reasons),
    }  # fmt: skip
    tx.append("plan.proposed", plan.ref, payload=payload, at=at)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
