"""The tables of runs: what is searched has its own column, everything else is one JSON text."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, false

from qianhang.store import metadata

__all__ = ["ask", "ask_event", "conformance", "run"]

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("scenario", String(120), nullable=False),
    Column("case", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("started", String(32), nullable=False),
    Column("ended", String(32), nullable=False),
    Column("process", String(120), nullable=False),
    Column("request", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("org", String(40), nullable=False, server_default="root"),
    Column("own", Boolean, nullable=False, server_default=false()),
    Index("ix_run_key", "key"),
    # Each begins with what a list is filtered by, then its order, then what decides who may see it.
    Index("ix_run_started", "started", "id", "org", "own", "state"),
    Index("ix_run_scenario", "scenario", "started", "id", "org", "own"),
    Index("ix_run_state", "state", "started", "id", "org", "own"),
    Index("ix_run_org", "org", "started", "id", "own"),
    Index("ix_run_org_scenario", "org", "scenario", "started", "id", "own"),
    Index("ix_run_org_state", "org", "state", "started", "id", "own"),
)

ask = Table(
    "ask",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("org", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("scenario", String(120), nullable=False),
    Column("case", String(80), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("pool", String(40), nullable=False),
    Column("params", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("token", String(80), nullable=True),
    Column("state", String(20), nullable=False),
    Column("run", String(40), nullable=False),
    Column("key", String(64), nullable=False),
    Column("asked", String(32), nullable=False),
    Column("claimed", String(32), nullable=False),
    Column("started", String(32), nullable=False),
    Column("ended", String(32), nullable=False),
    Column("heartbeat", String(32), nullable=False),
    Column("host", String(120), nullable=False),
    Column("process", String(200), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("stop", String(80), nullable=False),
    Column("error", Text, nullable=False),
    Column("subject", String(200), nullable=False, server_default=""),
    Column("region", String(80), nullable=False, server_default=""),
    # run, or score: a table scored by version of a model (0: the newest), by so many jobs.
    Column("work", String(12), nullable=False, server_default="run"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("members", Integer, nullable=False, server_default="0"),
    Column("made", Text, nullable=False, server_default="{}"),
    Index("ix_ask_asked", "asked", "id", "org"),
    Index("ix_ask_state", "state", "asked", "id", "org"),
    Index("ix_ask_org", "org", "asked", "id"),
    Index("ix_ask_org_claimed", "org", "claimed"),
    Index("ix_ask_run", "run"),
    Index("uq_ask_token", "org", "account", "token", unique=True),
)

ask_event = Table(
    "ask_event",
    metadata,
    Column("ask", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("step", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

conformance = Table(
    "conformance",
    metadata,
    Column("scenario", String(120), primary_key=True),
    Column("pack_hash", String(64), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("at", String(32), nullable=False),
    Column("result", Text, nullable=False),
)
