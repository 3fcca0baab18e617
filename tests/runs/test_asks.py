"""The queue of asks: what is taken, what is refused, who sees what."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from qianhang import models
from qianhang.core.errors import ModelError, PackError, PoolUnavailable, UsageError
from qianhang.runs import (
    Request,
    asks,
    carry_out,
    claims,
    listing,
    open_store,
    predict,
    record,
    tables,
    telling,
)
from qianhang.runs.steps import Event, Parser
from qianhang.runs.telling import Intake
from qianhang.store import Settings

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def settings(home) -> Settings:
    return Settings.load()


@pytest.fixture
def store(settings):
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def scenario(registered) -> str:
    return registered()


def sample(scenario, **more) -> Request:
    return Request(scenario, "sample", **more)


def put(store, asked, *, org="city", by="ann", now=NOW, **more):
    return asks.put(store, asked, org=org, by=by, now=now, **more)


def test_an_ask_waits_in_the_queue_as_it_was_asked(store, scenario):
    made = put(store, sample(scenario, seed=3))
    assert (made.state, made.org, made.account, made.case, made.seed) == (
        "queued", "city", "ann", "sample", 3,
    )  # fmt: skip
    assert asks.get(store, made.id) == made
    assert made.open
    for ask_id, orgs in (("nothing", None), (made.id, {"firm"}), (made.id, set())):
        with pytest.raises(UsageError, match="QH850"):
            asks.get(store, ask_id, orgs=orgs)


def test_of_what_the_data_tell_and_where_it_lies_reaches_the_run(store, scenario, settings):
    made = put(store, sample(scenario, subject=" 城南泵站 ", region="杭州"))
    asked = asks.request_of(asks.get(store, made.id), settings.home)
    assert (asked.subject, asked.region) == ("城南泵站", "杭州")


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (Request("industry.none"), PackError, "QH206"),
        (Request("{folder}"), PackError, "QH206"),
        (Request("industry.fault", "none"), PackError, "QH204"),
        (Request("industry.fault", params={"amount": "3"}), UsageError, "amount"),
        (Request("industry.fault", pool="moon"), PoolUnavailable, "QH501"),
        (Request("industry.fault", seed=2**31), UsageError, "seed"),
        (Request("industry.fault", seed=-1), UsageError, "seed"),
        (Request("industry.fault", subject="a" * 201), UsageError, "subject"),
        (Request("industry.fault", region="a" * 81), UsageError, "region"),
        (Request("industry.fault", region="a\nb"), UsageError, "region"),
    ],
)
def test_what_a_run_would_refuse_is_refused_before_it_is_queued(
    store, scenario, pack, asked, error, says
):
    if asked.scenario == "{folder}":
        asked = Request(str(pack.folder))
    with pytest.raises(error, match=says):
        put(store, asked)
    assert asks.asks(store, None) == []


def test_data_are_taken_from_the_uploads_of_the_asker_and_from_nowhere_else(
    store, home, scenario, faults
):
    mine, theirs = home / "uploads" / "city", home / "uploads" / "firm"
    for folder in (mine, theirs):
        folder.mkdir(parents=True)
        (folder / "faults.csv").write_bytes(faults.read_bytes())
    (mine / "link.csv").symlink_to(theirs / "faults.csv")
    made = put(store, Request(scenario, data=mine / "faults.csv"), home=home)
    assert (made.data, made.case) == ("faults.csv", "own")
    assert asks.request_of(made, home).data == mine / "faults.csv"
    bad = (theirs / "faults.csv", mine / "link.csv", mine / "../firm/faults.csv", mine, faults,
           mine / "none.csv", "/etc/passwd", "../../qianhang.db")  # fmt: skip
    for path in bad:
        with pytest.raises(UsageError, match="QH852"):
            put(store, Request(scenario, data=path), home=home)
    for org in ("..", "a/b", ""):
        with pytest.raises(ValueError, match="organisation"):
            put(store, Request(scenario, data=mine / "faults.csv"), home=home, org=org)


def test_a_file_swapped_for_a_link_after_asking_is_refused(store, home, scenario, faults):
    folder = home / "uploads" / "city"
    folder.mkdir(parents=True)
    path = folder / "faults.csv"
    path.write_bytes(faults.read_bytes())
    made = put(store, Request(scenario, data=path), home=home)
    path.unlink()
    path.symlink_to(faults)
    with pytest.raises(UsageError, match="QH852"):
        asks.request_of(made, home)


def test_the_same_token_gives_the_same_ask_and_another_question_with_it_is_refused(store, scenario):
    first = put(store, sample(scenario), token="t1")
    assert put(store, sample(scenario), token="t1").id == first.id
    assert put(store, sample(scenario), token="t1", by="bob").id != first.id
    assert put(store, sample(scenario)).id != put(store, sample(scenario)).id
    with pytest.raises(UsageError, match="QH853"):
        put(store, sample(scenario, seed=1), token="t1")


def test_a_full_queue_of_one_organisation_leaves_room_for_another(store, scenario):
    for _ in range(2):
        put(store, sample(scenario), most=2)
    with pytest.raises(UsageError, match="QH851"):
        put(store, sample(scenario), most=2)
    assert put(store, sample(scenario), org="firm", most=2).state == "queued"


def test_a_queued_ask_is_cancelled_at_once_and_an_ended_one_stays_as_it_is(store, scenario):
    made = put(store, sample(scenario))
    gone = asks.cancel(store, made.id, by="bob", now=NOW)
    assert (gone.state, gone.stop) == ("cancelled", "bob")
    assert [(t.step, t.state) for t in asks.events(store, made.id)] == [("ask", "cancelled")]
    assert asks.cancel(store, made.id, by="eve", now=NOW) == gone
    assert len(asks.events(store, made.id)) == 1
    assert claims.claim(store, slots=9, now=NOW) is None
    kinds = [entry.kind for entry in store.entries(subject=made.id)]
    assert kinds == ["ask.put", "ask.cancelled"]


def test_asks_are_listed_newest_first_page_by_page_for_those_who_cover_them(store, scenario):
    made = [
        put(store, sample(scenario), org=org, now=NOW + timedelta(seconds=n))
        for n, org in enumerate(["city", "firm", "city", "firm", "town"])
    ]
    ids = [a.id for a in reversed(made)]
    assert [a.id for a in asks.asks(store, None)] == ids
    first = asks.asks(store, {"city", "town"}, 2)
    rest = asks.asks(store, {"city", "town"}, 2, before=first[-1].cursor)
    assert [a.org for a in (*first, *rest)] == ["town", "city", "city"]
    assert asks.asks(store, set()) == []
    assert asks.asks(store, {"firm"}, state="running") == []


def test_turns_go_round_the_organisations_and_by_age_within_one(store, scenario):
    order = ["city", "city", "city", "firm", "town"]
    for n, org in enumerate(order):
        put(store, sample(scenario, seed=n), org=org, now=NOW + timedelta(seconds=n))
    claimed = []
    while ask := claims.claim(store, slots=9, now=NOW + timedelta(minutes=len(claimed))):
        claimed.append((ask.org, ask.seed))
    assert claimed[:3] == [("city", 0), ("firm", 3), ("town", 4)]
    assert claimed[3:] == [("city", 1), ("city", 2)]


def test_a_host_carries_out_no_more_than_its_slots(store, scenario):
    for n in range(3):
        put(store, sample(scenario, seed=n))
    assert claims.claim(store, slots=2, now=NOW)
    assert claims.claim(store, slots=2, now=NOW)
    assert claims.claim(store, slots=2, now=NOW) is None


def test_a_claim_whose_dispatcher_died_is_queued_again_but_not_for_ever(store, scenario):
    made = put(store, sample(scenario))
    for state in ("queued", "queued", "interrupted"):
        claims.claim(store, slots=1, now=NOW)
        claims.hand_over(store, made.id, to=f"{os.uname().nodename} 999999999 never")
        assert claims.sweep(store, now=NOW) == [made.id]
        assert asks.get(store, made.id).state == state
    assert asks.get(store, made.id).error["code"] == "QH516"
    assert asks.events(store, made.id)[-1].state == "interrupted"


def test_a_greedy_log_is_cut_and_says_so():
    intake = Intake()
    for n in range(50_000):
        intake(Event("log", "log", note=f"line {n} " + "x" * 5000))
    told = [event for _, event in intake.drain()]
    assert len(told) == 1500
    assert max(len(e.note) for e in told) == 500
    last = [event for _, event in intake.drain(last=True)]
    assert (last[0].state, last[0].done) == ("cut", 50_000 - 1500 - 100)
    assert last[-1].note.startswith("line 49999 ")


def test_of_much_progress_the_newest_is_told():
    intake = Intake()
    for n in range(10_000):
        intake(Event("trial", "progress", done=n, total=10_000))
    assert [event.done for _, event in intake.drain()] == [9999]
    for _ in range(20_000):
        intake(Event("trial", "note"))
    assert len(intake.drain()) == 3000


def test_whatever_a_job_writes_as_an_event_fits_its_row(store, scenario):
    intake = Intake()
    intake(Event("s" * 999, "x" * 99, done="many", total=-5, note="a\0b\ud800", facts=[1]))
    intake(Event("trial", "end", done=10**30, facts={"a": float("nan"), "b": "\0"}))
    intake(Event("trial", "end", facts={"a": "x" * 99_999}))
    ask = put(store, sample(scenario))
    claims.claim(store, slots=1, now=NOW)
    assert claims.beat(store, ask.id, intake.drain(), run="", now=NOW)
    odd, huge, long = asks.events(store, ask.id)
    assert (len(odd.step), odd.done, odd.total, odd.facts) == (40, 0, 0, {})
    assert "\0" not in odd.note
    assert (huge.done, huge.facts["a"]) == (2**31 - 1, None)
    assert long.facts == {"cut": True}


@pytest.mark.parametrize(
    ("step", "state", "heard"),
    [
        ("trial", "progress", True),
        ("ask", "finished", False),  # would end the stream of everybody who follows
        ("place", "note", False),  # would name another run
        ("gate", "end", False),
        ("trial", "cut", False),
        (["trial"], "end", False),
    ],
)
def test_a_job_tells_of_its_own_steps_and_speaks_for_nobody_else(step, state, heard):
    told = []
    line = json.dumps({"step": step, "state": state, "facts": {"run": "other"}})
    Parser(told.append)(f"\x1eqh {line}\n\x1eqh {'[' * 100_000}\nplain\n")
    assert [e.state for e in told] == ([state, "log"] if heard else ["log"])


def test_events_after_a_number_are_read_through_the_primary_key(store, scenario):
    ask = put(store, sample(scenario))
    claims.claim(store, slots=1, now=NOW)
    claims.beat(store, ask.id, [("t", Event("trial", "note"))] * 9, run="", now=NOW)
    assert [t.seq for t in asks.events(store, ask.id, 6)] == [7, 8, 9]
    assert [t.seq for t in asks.events(store, ask.id, 2, limit=2)] == [3, 4]
    assert telling.heads(store, [ask.id, "other"]) == {ask.id: 9}
    plan = explained(store, "SELECT * FROM ask_event WHERE ask = 'a' AND seq > 5 ORDER BY seq")
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH ask_event USING INDEX")


def test_log_lines_of_asks_long_ended_are_forgotten_and_the_rest_is_kept(store, scenario):
    ask = put(store, sample(scenario))
    claims.claim(store, slots=1, now=NOW)
    told = [("t", Event("trial", "start")), ("t", Event("log", "log", note="hot"))]
    claims.beat(store, ask.id, told, run="", now=NOW)
    later = NOW + timedelta(days=1)
    assert telling.forget(store, before=later) == 0  # it has not ended
    with store.write() as tx:
        asks.close(tx, ask.id, tables.ask.c.id == ask.id, state="finished", now=NOW)
    assert telling.forget(store, before=NOW) == 0
    assert telling.forget(store, before=later) == 1
    assert [t.step for t in asks.events(store, ask.id)] == ["trial", "ask"]


def test_a_run_of_a_sealed_organisation_answers_nobody_elses_question(scenario, settings):
    """The same question on public data: each organisation works it out, the platform's serves all."""
    firm, _ = carry_out(sample(scenario, org="firm"), settings=settings)
    shop, found = carry_out(sample(scenario, org="shop"), settings=settings)
    assert not found
    assert (shop.key, shop.org) == (firm.key, "shop")
    again, found = carry_out(sample(scenario, org="firm"), settings=settings)
    assert found
    assert again.id == firm.id
    root, found = carry_out(sample(scenario), settings=settings)
    assert not found
    assert carry_out(sample(scenario, org="town"), settings=settings)[0].id == root.id
    with open_store(settings) as store:
        assert record.finished(store, firm.key, org="mine").id == root.id
        with pytest.raises(UsageError, match="QH804"):
            record.get(store, firm.id, orgs={"shop"})
        assert record.get(store, firm.id, orgs={"firm"}).id == firm.id
        assert record.get(store, root.id, orgs=set()).id == root.id
        assert record.visible(root, {"shop"})
        assert not record.visible(firm, {"shop"})


def test_own_data_of_the_platform_are_seen_by_those_who_cover_it_alone(pack, faults, settings):
    made, _ = carry_out(Request(str(pack.folder), data=faults), settings=settings)
    assert (made.org, made.own) == ("root", True)
    assert not record.visible(made, {"city"})
    with open_store(settings) as store:
        assert record.finished(store, made.key, org="city") is None
        assert record.lines(store, orgs={"city"}) == []
        (line,) = record.lines(store, orgs={"root"})
        assert (line.id, line.own, line.wall_s > 0) == (made.id, True, True)


def test_what_an_organisation_fits_on_its_data_answers_for_itself_alone(scenario, faults, settings):
    """No evidence of it, no figure of it in the log, and its model serves nobody else."""
    made, _ = carry_out(Request(scenario, data=faults, org="firm"), settings=settings)
    assert (made.own, made.result["evidence"]) == (True, [])
    with open_store(settings) as store:
        assert models.newest(store, scenario) is None
        assert models.newest(store, f"{scenario}/firm").run == made.id
        (entry,) = store.entries(kind="run.finished", subject=made.id)
        assert "scores" not in entry.payload["facts"]
        assert store.verify().ok
    assert predict(scenario, faults, settings=settings, org="firm").model.run == made.id
    for org in ("root", "shop"):
        with pytest.raises(ModelError, match="QH608"):
            predict(scenario, faults, settings=settings, org=org)


ORGS = ("root", "city", "town", *(f"firm{n}" for n in range(60)))


def filled(settings, count):
    """That many rows: half of the platform, the rest spread over sixty-two organisations."""
    with open_store(settings) as store:
        rows = [row(n) for n in range(count)]
        with store.write() as tx:
            tx.execute(sa.insert(tables.run), rows)
    return rows


def row(n):
    org = "root" if n % 2 else ORGS[n // 2 % len(ORGS)]
    at = (NOW + timedelta(seconds=n // 3)).isoformat(timespec="milliseconds")
    state = ("finished", "finished", "failed", "running")[n % 4]
    return {
        "id": f"r{n:06d}", "key": "k", "scenario": f"a.s{n % 500}", "case": "c", "state": state,
        "verdict": "met", "started": at, "ended": at, "process": "host 1 x", "org": org,
        "own": n % 10 == 1, "request": "{}", "result": json.dumps({"x": "y" * 200}),
    }  # fmt: skip


VIEWS = [None, {"firm7"}, {"city", "town", "root"}, set(ORGS[1:]), set()]


@pytest.mark.parametrize("wanted", [{}, {"scenario": "a.s14"}, {"state": "failed"},
                                    {"scenario": "a.s14", "state": "failed"}, {"shared": False}])  # fmt: skip
def test_pages_of_runs_together_are_all_that_may_be_seen(settings, wanted):
    rows = filled(settings, 2500)
    with open_store(settings) as store:
        for orgs in VIEWS:
            expected = [
                r["id"] for r in sorted(rows, key=lambda r: (r["started"], r["id"]), reverse=True)
                if allowed(r, orgs, wanted.get("shared", True))
                and wanted.get("scenario", r["scenario"]) == r["scenario"]
                and wanted.get("state", r["state"]) == r["state"]
            ]  # fmt: skip
            found, before = [], None
            while page := record.lines(store, orgs=orgs, before=before, limit=70, **wanted):
                found += page
                before = page[-1].cursor
                if len(found) >= 700:
                    break
            assert [line.id for line in found] == expected[: len(found)]
            assert len(found) >= min(len(expected), 700)


def allowed(row, orgs, shared):
    public = row["org"] == "root" and not row["own"]
    return orgs is None or row["org"] in orgs or (shared and public)


def test_states_are_counted_for_those_who_may_see_them(settings):
    rows = filled(settings, 2000)
    since = NOW + timedelta(seconds=300)
    with open_store(settings) as store:
        for orgs in VIEWS:
            expected = {}
            for r in rows:
                if allowed(r, orgs, True) and r["started"] >= since.isoformat(
                    timespec="milliseconds"
                ):
                    expected[r["state"]] = expected.get(r["state"], 0) + 1
            assert record.counts(store, orgs=orgs, since=since) == expected


@pytest.mark.slow
def test_the_newest_of_100000_runs_are_read_through_an_index(settings):
    """Every walk of the table goes along an index in the order of the list, so that none sorts it."""
    filled(settings, 100_000)
    filters = [
        ({}, "started"),
        ({"scenario": "a.s14"}, "scenario"),
        ({"state": "failed"}, "state"),
        ({"state": "failed", "scenario": "a.s14"}, "scenario"),
    ]
    with open_store(settings) as store:
        for orgs in VIEWS:
            few = orgs is not None and len(orgs) < 24
            for wanted, column in filters:
                plans = planned(store, lambda o=orgs, w=wanted: record.lines(store, orgs=o, **w))
                name = {"started": "ix_run_org"}.get(column, f"ix_run_org_{column}")
                expected = name if few else f"ix_run_{column}"
                for plan in plans:
                    assert len(plan) == 1, plan
                    assert f"INDEX {expected} " in f"{plan[0]} ", plan
                page = record.lines(
                    store, orgs=orgs, before=(row(50_000)["started"], "r050000"), **wanted
                )
                assert all(line.id < "r050000" for line in page)


def planned(store, act):
    """The plans of the queries that `act` makes."""
    seen = []

    def look(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    sa.event.listen(store._engine, "before_cursor_execute", look)
    try:
        act()
    finally:
        sa.event.remove(store._engine, "before_cursor_execute", look)
    return [explained(store, *one) for one in seen]


def explained(store, statement, parameters=()):
    with store.read() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in found]


def test_runs_made_before_organisations_belong_to_the_platform_and_know_own_data(settings):
    open_store(settings).close()
    path = settings.home / "qianhang.db"
    with sqlite3.connect(path) as old:
        for name in ("started", "scenario", "state", "org", "org_scenario", "org_state"):
            old.execute(f"DROP INDEX ix_run_{name}")
        for name in ("org", "own"):
            old.execute(f"ALTER TABLE run DROP COLUMN {name}")
        for name in ("ask", "ask_event"):
            old.execute(f"DROP TABLE {name}")
        old.execute("CREATE INDEX ix_run_scenario ON run (scenario, started)")
        old.execute("CREATE INDEX ix_run_state ON run (state)")
        old.execute("UPDATE version_runs SET version_num = 'runs_0001'")
        for run_id, request in (("a", {"own_data": "/x.csv"}), ("b", {"own_data": ""}), ("c", {})):
            values = [run_id, *["x"] * 8, json.dumps(request), "{}"]
            old.execute(f"INSERT INTO run VALUES ({','.join('?' * 11)})", values)
    with open_store(settings) as store:
        found = {line.id: (line.org, line.own) for line in listing.lines(store, orgs=None)}
    assert found == {"a": ("root", True), "b": ("root", False), "c": ("root", False)}
