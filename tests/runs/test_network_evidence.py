"""What is known of the compute network becomes readings of a plan's targets, down to the records.

Pools a (8 A100, hall) and b (8 A100) and c (8 A100) join at 22:00 of 30 April, China.
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from qianhang.billing.metering import record
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.billing.vouchers import tables
from qianhang.compute.door import plant
from qianhang.compute.green import capacity, lines, pue
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.manifest import Words
from qianhang.plan import evidence, items, review, rules, standing
from qianhang.plan.document import Document, Target
from qianhang.plan.ledger import keep
from qianhang.runs import open_store
from qianhang.runs.network_evidence import feed, month_before, pue_limits, shares
from qianhang.store import Settings

JOINED = datetime(2026, 4, 30, 14, tzinfo=UTC)  # 22:00 in China
NOW = datetime(2026, 5, 20, tzinfo=UTC)
# indicator, comparator, value, unit
TARGETS = (
    ("全省智算服务规模", ">=", 5000.0, "PFlops"),
    ("新建算力设施电能利用效率", "<", 1.25, ""),
    ("市域算力资源池间直连带宽", ">=", 100.0, "G"),
    ("算力资源池间时延", "<", 10.0, "ms"),
    ("算力资源池间直连达标份额", ">=", 90.0, "%"),
    ("发放算力券", ">=", 1.0, "万元"),
    ("算力平均利用率", ">=", 70.0, "%"),
    ("算力用户", ">=", 2.0, "家"),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than the tests."""
    folder = tmp_path_factory.mktemp("store")
    open_store(Settings(home=folder)).close()
    return folder


@pytest.fixture
def settings(tmp_path, empty):
    return Settings(home=shutil.copytree(empty, tmp_path / "home"))


def join(store):
    stock = (Stock("nvidia-a100", 1, 8),)
    pools = tuple(
        Pool(name, "op", stock, city=city, site="hall" if name == "a" else "")
        for name, city in (("a", "南昌市"), ("b", "九江市"), ("c", "赣州市"))
    )
    plant.add(store, Network(pools, (Operator("op", Words("甲", "A")),)), by="t", at=JOINED)


@pytest.fixture
def store(settings):
    with open_store(settings) as found:
        join(found)
        yield found


@pytest.fixture
def plan(store):
    """A province's plan with these targets, all confirmed, and their rules."""
    text = "省行动方案\n" + "\n".join(name for name, *_ in TARGETS)
    placed = tuple(
        Target(f"t{n}", "1", name, sign, value, unit, 2030, name, text.index(name),
               text.index(name) + len(name))
        for n, (name, sign, value, unit) in enumerate(TARGETS)
    )  # fmt: skip
    document = Document("p.txt", text, "0" * 64, title="省行动方案", period="2025-2030",
                        level="province", targets=placed)  # fmt: skip
    kept = keep(store, document, raw=text.encode(), by="赵一", at=JOINED).plan
    for item in items.items(store, kept, kind="target"):
        review.confirm(store, item, by="赵一", at=JOINED)
    rules.confirm_rules(store, kept, by="赵一", at=JOINED)
    return items.find_plan(store, kept.ref)


def read(store, plan, now=NOW):
    """Indicator -> where it stands."""
    found = standing.standings(store, plan, on=now.date())
    return {one.item.values["indicator"]: one for one in found}


def value(store, plan, name, now=NOW):
    return read(store, plan, now)[name].reading.value


def test_nothing_measured_leaves_no_evidence_of_anything_but_use(store, plan):
    feed(store, NOW)
    assert {one.kind for one in evidence.evidence(store)} == {"utilisation"}
    states = {name: one.state for name, one in read(store, plan).items()}
    assert {name for name, state in states.items() if state == "no_evidence"} == {
        name for name, *_ in TARGETS if name != "算力平均利用率"
    }


def bench(store, job, pool, node, tflops, at=JOINED):
    one = capacity.Benched(job, pool, "nvidia-a100", node, 8, "fp16", tflops, 312.0,
                           at.isoformat(timespec="milliseconds"))  # fmt: skip
    capacity._keep(store, one, by="t")


def test_confirmed_capacity_counts_and_the_name_plate_does_not(store, plan):
    """8 x 250 and 8 x 200 TFlops of three pools of 8: 3.6 PFlops; then b leaves: 2."""
    bench(store, "j1", "a", "n1", 250.0)
    bench(store, "j2", "b", "n1", 200.0)
    feed(store, NOW)
    found = read(store, plan)["全省智算服务规模"]
    assert found.reading.value == pytest.approx(3.6)
    assert found.grade == "A"
    by_seq = {one.seq: one for one in evidence.evidence(store)}
    facts = [by_seq[c.seq].facts for c in found.reading.used]
    assert [(f["jobs"], f["region"], f["chips_listed"]) for f in facts] == [
        (["j1"], "南昌市", 8), (["j2"], "九江市", 8),
    ]  # fmt: skip
    plant.turn(store, "b", "left", by="t", at=NOW)
    feed(store, NOW)
    assert value(store, plan, "全省智算服务规模") == pytest.approx(2.0)


def meters(store, site, pues, *, by="张工"):
    months = [f"2025-{n:02d}" for n in range(5, 13)] + [f"2026-{n:02d}" for n in range(1, 5)]
    rows = [f"{m},{p * 1000:g},1000" for m, p in zip(months, pues, strict=False)]
    raw = "\n".join(["month,total_kwh,it_kwh", *rows]).encode()
    pue.add(store, site, raw, name="m.csv", source="power bureau", by=by, at=NOW)


def test_pue_is_the_worst_site_of_twelve_whole_months(store, plan):
    """hall: six months 1.2 and six 1.24 make 1.22; b has 1.3, but eleven months; then the last."""
    meters(store, "hall", (1.2, 1.24) * 6)
    meters(store, "b", (1.3,) * 11)
    feed(store, NOW)
    found = read(store, plan)["新建算力设施电能利用效率"]
    assert (found.reading.value, found.state, found.grade) == (1.22, "met", "C")
    (part,) = found.reading.used
    told = next(one for one in evidence.evidence(store) if one.seq == part.seq)
    assert (told.by, len(told.files), told.facts["total_kwh"]) == ("张工", 12, 14_640.0)
    assert store.verify().ok
    meters(store, "b", (1.3,) * 12)
    feed(store, NOW)
    found = read(store, plan)["新建算力设施电能利用效率"]
    assert found.reading.value == 1.3
    assert found.state != "met"


def test_the_limit_of_pue_is_that_of_the_plan(store, plan):
    (limit,) = pue_limits(store)
    assert (limit.target, limit.limit) == (f"{plan.ref}.T2", 1.25)


def probed(store, a, b, gbps, ms):
    at = NOW - timedelta(days=1)
    one = lines.Measured(a, b, at.isoformat(timespec="milliseconds"), gbps, ms, "TCP")
    lines.keep(store, one, by="t", at=at)


def test_lines_are_read_at_their_worst_and_as_a_share_of_all_pairs(store, plan):
    """Of three pairs one is wide and near, one narrow, one never probed: 33.33%."""
    probed(store, "a", "b", 112.0, 2.0)
    probed(store, "a", "c", 25.0, 3.5)
    feed(store, NOW)
    assert value(store, plan, "市域算力资源池间直连带宽") == 25.0
    assert value(store, plan, "算力资源池间时延") == 3.5
    assert value(store, plan, "算力资源池间直连达标份额") == 33.33


def spend(store, number, fen, day):
    row = {
        "id": number, "hold": 1, "programme": "city", "contract": "c", "payee": "op", "bill": fen,
        "fen": fen, "claim": None, "at": f"2026-05-{day:02d}T03:00:00.000000Z",
    }  # fmt: skip
    with store.write() as tx:
        tx.execute(sa.insert(tables.capture).values(row))


def test_vouchers_spent_add_up_and_what_was_taken_back_goes_off(store, plan):
    """1,200.00 + 300.50 + 99.50 yuan on two days, 100 taken back: 0.15 of 万元."""
    spend(store, 1, 120_000, 3)
    feed(store, NOW)
    spend(store, 2, 30_050, 3)
    spend(store, 3, 9_950, 4)
    claim = {
        "id": 1, "programme": "city", "payee": "op", "contract": "c", "fen": 120_000,
        "clawed": 10_000, "state": "clawed", "batch": None, "evidence": "", "why": "", "by": "t",
        "at": "2026-05-09T03:00:00.000000Z",
    }  # fmt: skip
    with store.write() as tx:
        tx.execute(sa.insert(tables.claim).values(claim))
    feed(store, NOW)
    assert feed(store, NOW) == ()
    found = read(store, plan)["发放算力券"].reading
    assert found.value == pytest.approx(0.15)
    assert [c.value for c in found.used] == pytest.approx([0.12, 0.03005, 0.00995, -0.01])


def use(store, attempt, pool, start, hours, cards=4, **more):
    usage = UsageRecord(
        **{"job": attempt, "attempt": attempt, "org": "city", "operator": "op", "pool": pool,
           "flavour": "nvidia-a100", "start": start, "end": start + timedelta(hours=hours),
           "proof": Proof("a", "b"), "cards": Decimal(cards)} | more
    )  # fmt: skip
    with store.write() as tx:
        record(tx, usage, at=NOW)


def test_use_is_card_hours_over_those_of_the_chips_that_were_there(store, plan):
    """Two hours of April x 8 chips x 3 pools = 48; a: 4 x 1 h; b: 8 x 2 h, corrected to 4 x 2 h;
    what lies in May is cut off: 4 + 8 = 12 of 48, a quarter."""
    assert month_before(NOW) == "2026-04"
    use(store, "x.1", "a", JOINED + timedelta(hours=1), 3)
    use(store, "y.1", "b", JOINED, 2, cards=8)
    use(store, "y.1", "b", JOINED, 2, cards=4, sequence=1, corrects="y.1/0/0", why="four only")
    found = {one.pool: one for one in shares(store, "2026-04", NOW)}
    assert {n: (s.used, s.available, s.records) for n, s in found.items()} == {
        "a": (4.0, 16.0, 1), "b": (8.0, 16.0, 1), "c": (0.0, 16.0, 0),
    }  # fmt: skip
    feed(store, NOW)
    reading = read(store, plan)["算力平均利用率"].reading
    assert reading.value == pytest.approx(25.0)
    parts = {(c.subject, c.part): c.value for c in reading.used}
    assert parts["a", "value"] == 4.0
    assert parts["c", "per"] == 16.0
    assert len(parts) == 6


def test_the_month_that_runs_counts_up_to_now_and_a_pool_that_left_until_it_did(store):
    """From 1 May 0:00 China to NOW are 19 d 8 h = 464 h; c leaves after 100 h."""
    begin = datetime(2026, 4, 30, 16, tzinfo=UTC)
    plant.turn(store, "c", "left", by="t", at=begin + timedelta(hours=100))
    found = {one.pool: one.available for one in shares(store, "2026-05", NOW)}
    assert found == {"a": 8 * 464.0, "b": 8 * 464.0, "c": 800.0}


def test_whom_the_network_served_is_counted_once_without_its_own_measuring(store, plan):
    for number, org in enumerate(("city", "city", "firm", "root")):
        use(store, f"z{number}.1", "a", JOINED + timedelta(hours=number), 1, org=org)
    feed(store, NOW)
    assert value(store, plan, "算力用户") == 2.0
    use(store, "z9.1", "a", JOINED + timedelta(days=5), 1)
    assert feed(store, NOW) == ()


def test_what_is_not_new_is_not_told_again_and_what_was_taken_back_stays_away(store, plan):
    bench(store, "j1", "a", "n1", 250.0)
    made = feed(store, NOW)
    assert made
    assert feed(store, NOW) == ()
    seq = next(one.seq for one in evidence.evidence(store) if one.kind == "capacity")
    evidence.retract(store, seq, why="throttled", by="赵一", at=NOW)
    assert feed(store, NOW) == ()
    assert value(store, plan, "全省智算服务规模") is None


def test_either_database_tells_all_of_it_and_once(shared):
    """A site, two pools' chips, a line (Gbps, ms, share), a day's vouchers, an organisation, and
    two figures a pool of the month."""
    with open_store(shared) as store:
        join(store)
        bench(store, "j1", "a", "n1", 250.0)
        bench(store, "j2", "b", "n1", 200.0)
        meters(store, "hall", (1.2,) * 12)
        probed(store, "a", "b", 112.0, 2.0)
        spend(store, 1, 120_000, 3)
        use(store, "x.1", "a", JOINED, 3)
        feed(store, NOW)
        kinds = Counter(one.kind for one in evidence.evidence(store))
        assert kinds == {
            "pue": 1, "capacity": 2, "link": 3, "voucher": 1, "served": 1, "utilisation": 6,
        }  # fmt: skip
        assert feed(store, NOW) == ()
        assert capacity.benched(store, "b")[0].tflops == 200.0
        assert [p.pool.pue.kind for p in plant.pools(store)] == ["metered", "assumed", "assumed"]
