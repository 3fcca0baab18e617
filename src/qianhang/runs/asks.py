"""The queue of runs and scorings that people ask for: put, look, cancel; carriers end them."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import PackError, UsageError
from qianhang.runs import listing, placement, tables, telling
from qianhang.runs.request import Request, resolve
from qianhang.runs.steps import Event
from qianhang.runs.telling import Told, events
from qianhang.store import Store, Transaction

__all__ = [
    "ENDED",
    "MOST_QUEUED",
    "STATES",
    "Ask",
    "Told",
    "asks",
    "cancel",
    "close",
    "events",
    "get",
    "put",
    "queue",
    "request_of",
    "upload",
]

STATES = ("queued", "running", "finished", "failed", "interrupted", "cancelled")
ENDED = frozenset(STATES[2:])
MOST_QUEUED = 20

_SCENARIO = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MOST_SEED = 2**31 - 1
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Ask:
    """One run as somebody asked for it, and what became of it.

    data : the user's own data below their organisation's uploads, "" for the registered set
    run : the run that carries it out, or that was found finished; "" before that
    key : the key of that run once it has ended well
    subject, region : of which place, plant or network the data tell, and where it lies
    stop : who asked for it to be stopped
    error : what the error told where it failed: code, message, hint, the place in a table
    work : run, or score: the table in `data`, by `version` of the model (0: the newest), by
        `members` jobs; made : what came of that
    """

    id: str
    org: str
    account: str
    scenario: str
    case: str
    seed: int
    pool: str
    params: Mapping[str, str]
    data: str
    state: str
    run: str
    key: str
    asked: str
    started: str
    ended: str
    process: str
    stop: str
    error: Mapping[str, Any]
    again: bool = False
    subject: str = ""
    region: str = ""
    work: str = "run"
    version: int = 0
    members: int = 0
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cursor(self) -> listing.Cursor:
        """What to give as `before` for the asks that follow this one."""
        return (self.asked, self.id)

    @property
    def open(self) -> bool:
        """Whether it is still queued or running."""
        return self.state not in ENDED


_ASKS = listing.Listed(tables.ask, Ask.__slots__, "asked")


def put(
    store: Store,
    asked: Request,
    *,
    org: str,
    by: str,
    now: datetime,
    home: Path | None = None,
    token: str = "",
    most: int = MOST_QUEUED,
) -> Ask:
    """The request in the queue, checked as `qianhang run` checks it.

    home : the folder of the store, below which `uploads/<org>/` holds the data that may be named
    token : the same token of the same account gives the same ask, and never a second one
    most : how many asks of one organisation may wait at a time
    Raises whatever `resolve` raises, PoolUnavailable for an unknown pool, UsageError for data that
    are not the organisation's, a token used for something else, or a full queue.
    """
    placement.check(store, asked.pool)
    checked = _checked(replace(asked, org=org), home)
    return queue(store, checked, by=by, now=now, token=token, most=most)


def queue(
    store: Store,
    checked: Request,
    *,
    by: str,
    now: datetime,
    token: str,
    most: int = MOST_QUEUED,
    **more: str | int,
) -> Ask:
    """The request in the queue, as it is; raises as `put` does for its token or a full queue.

    more : columns that say that it is no run
    """
    row = _row(checked, by=by, now=now) | more
    org = checked.org
    row["token"] = hashlib.sha256(token.encode("utf8", "replace")).hexdigest() if token else None
    try:
        with store.write() as tx:
            known = _with_token(tx, row)
            if known:
                return known
            _make_room(tx, org, most)
            tx.execute(sa.insert(tables.ask).values(row))
            payload = {"scenario": row["scenario"], "org": org, "by": by}
            kind = "ask.put" if row["work"] == "run" else "ask.score"
            tx.append(kind, row["id"], payload=payload, at=now)
    except sa.exc.IntegrityError:
        # The same token came through another process between our look and our row.
        with store.write() as tx:
            known = _with_token(tx, row)
        if known is None:
            raise
        return known
    return _ask(row)


def get(store: Store, ask_id: str, *, orgs: Collection[str] | None = None) -> Ask:
    """The ask with this id, where it is of one of these organisations (None for all).

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        row = connection.execute(_select().where(tables.ask.c.id == ask_id)).one_or_none()
    if row is None or (orgs is not None and row.org not in orgs):
        raise UsageError("QH850", f"ask {ask_id!r} does not exist", hint="look at the list of runs")
    return _ask(row._mapping)


def asks(
    store: Store,
    orgs: Collection[str] | None,
    limit: int = 50,
    *,
    state: str = "",
    scenario: str = "",
    account: str = "",
    work: str = "",
    before: listing.Cursor | None = None,
) -> list[Ask]:
    """The newest asks of these organisations (None for all), of one state, scenario, account,
    for one kind of work."""
    where = {"state": state, "scenario": scenario, "account": account, "work": work}
    found = listing.newest(store, _ASKS, orgs=orgs, where=where, before=before, limit=limit)
    return [_ask(row._asdict()) for row in found]


def cancel(store: Store, ask_id: str, *, by: str, now: datetime) -> Ask:
    """The ask, cancelled at once where it is queued; a running one is told and stops soon.

    One that has ended stays as it is.
    Raises UsageError where there is none.
    """
    table = tables.ask
    with store.write() as tx:
        mine = table.c.id == ask_id
        told = tx.execute(
            sa.update(table)
            .where(mine & table.c.state.in_(("queued", "running")) & (table.c.stop == ""))
            .values(stop=by or "?")
        )
        if told.rowcount:
            tx.append("ask.cancelled", ask_id, payload={"by": by}, at=now)
        close(tx, ask_id, mine & (table.c.state == "queued"), state="cancelled", now=now)
    return get(store, ask_id)


def close(
    tx: Transaction,
    ask_id: str,
    where: sa.ColumnElement[bool],
    *,
    state: str,
    now: datetime,
    run: str = "",
    key: str = "",
    error: Mapping[str, Any] | None = None,
    made: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the ask stood as `where` says and is now in its last state, told to its followers."""
    values = {"state": state, "ended": _text(now), "error": json.dumps(dict(error or {}))}
    values |= {name: value for name, value in (("run", run), ("key", key)) if value}
    values |= {"made": json.dumps(dict(made))} if made else {}
    done = tx.execute(sa.update(tables.ask).where(where).values(values))
    if not done.rowcount:
        return False
    facts: dict[str, Any] = {"run": run} if run else {}
    facts |= {"error": dict(error)} if error else {}
    telling.tell(tx, ask_id, [(_text(now), Event(telling.ASK, state, facts=facts))])
    return True


def request_of(ask: Ask, home: Path) -> Request:
    """The request that the ask stands for.

    Raises UsageError where its data are no longer among the organisation's uploads.
    """
    data = upload(home, ask.org, ask.data) if ask.data else None
    return Request(
        ask.scenario, ask.case, data, ask.seed, ask.pool, ask.params, ask.again, org=ask.org,
        subject=ask.subject, region=ask.region,
    )  # fmt: skip


def upload(home: Path, org: str, name: str | Path) -> Path:
    """The file or folder of this name, or at this path, below the organisation's uploads.

    Raises UsageError where it is not there, or lies outside by whatever way.
    """
    if not _NAME.fullmatch(org):
        raise ValueError(f"{org!r} is no id of an organisation")
    root = (home / "uploads" / org).resolve()
    place = (root / name).resolve()
    if place == root or not place.is_relative_to(root) or not place.exists():
        message = f"{Path(name).name!r} is not among the files that {org} uploaded"
        raise UsageError("QH852", message, hint="upload the file first")
    return place


def _checked(asked: Request, home: Path | None) -> Request:
    """The request with its case named and its data below the uploads; anything else is refused."""
    if not _SCENARIO.fullmatch(asked.scenario):  # a folder would be code of the asker's choice
        raise PackError("QH206", f"scenario {asked.scenario[:80]!r} does not exist")
    data = None
    if asked.data is not None:
        if home is None:
            raise ValueError("own data need the home below which they were uploaded")
        data = upload(home, asked.org, asked.data)
    for name, value in asked.params.items():
        if len(value) > _LONGEST or "\0" in value:
            raise UsageError("QH802", f"parameter {name}: more than {_LONGEST} characters, or NUL")
    if not 0 <= asked.seed <= _MOST_SEED:
        raise UsageError("QH802", f"seed {asked.seed}: expected 0 to {_MOST_SEED}")
    subject, region = _place(asked)
    asked = replace(asked, data=data, subject=subject, region=region)
    pack, case, _ = resolve(asked)
    place = str(data.relative_to((home / "uploads" / asked.org).resolve())) if data and home else ""
    return replace(asked, scenario=pack.id, case=case.name, data=Path(place) if place else None)


def _place(asked: Request) -> tuple[str, str]:
    """Subject and region, without the blanks around them; refused where no name is so long."""
    subject, region = asked.subject.strip(), asked.region.strip()
    for name, text, longest in (("subject", subject, 200), ("region", region, 80)):
        if len(text) > longest or not text.isprintable():
            raise UsageError("QH802", f"{name}: expected at most {longest} characters of one line")
    return subject, region


def _row(asked: Request, *, by: str, now: datetime) -> dict[str, Any]:
    empty = ("run", "key", "claimed", "started", "ended", "heartbeat", "host", "process", "stop")
    return dict.fromkeys(empty, "") | {
        "id": f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(5)}",
        "org": asked.org,
        "account": by,
        "scenario": asked.scenario,
        "case": asked.case,
        "seed": asked.seed,
        "pool": asked.pool,
        "params": json.dumps(dict(asked.params), ensure_ascii=False, sort_keys=True),
        "data": str(asked.data or ""),
        "again": asked.again,
        "subject": asked.subject,
        "region": asked.region,
        "state": "queued",
        "asked": _text(now),
        "attempts": 0,
        "error": "{}",
        "work": "run",
        "version": 0,
        "members": 0,
        "made": "{}",
    }


_SAME = ("scenario", "case", "seed", "pool", "params", "data", "again", "subject", "region",
         "work", "version", "members")  # fmt: skip


def _with_token(tx: Transaction, row: Mapping[str, Any]) -> Ask | None:
    """The ask that this token made before.

    Raises UsageError where that was another question.
    """
    if row["token"] is None:
        return None
    who = [tables.ask.c[name] == row[name] for name in ("org", "account", "token")]
    known = tx.execute(_select().where(*who)).one_or_none()
    if known is None:
        return None
    if any(known._mapping[name] != row[name] for name in _SAME):
        message = f"the token of ask {known.id} comes with another question"
        raise UsageError("QH853", message, hint="take a new token for each question")
    return _ask(known._mapping)


def _make_room(tx: Transaction, org: str, most: int) -> None:
    waiting = (tables.ask.c.org == org) & (tables.ask.c.state == "queued")
    count = tx.execute(sa.select(sa.func.count()).where(waiting)).scalar_one()
    if count >= most:
        message = f"{count} runs of {org} are waiting, at most {most} may"
        raise UsageError("QH851", message, hint="wait until some have begun, or cancel one")


def _select() -> sa.Select[Any]:
    return sa.select(*(tables.ask.c[name] for name in Ask.__slots__))


def _ask(row: Mapping[Any, Any]) -> Ask:
    values = {name: row[name] for name in Ask.__slots__}
    return Ask(**values | {name: json.loads(row[name]) for name in ("params", "error", "made")})


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds")
