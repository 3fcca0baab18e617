"""Deliveries of other systems: taken once, from who signed them, as they were signed."""

import json
from datetime import UTC, datetime

import pytest

from qianhang.core.errors import ContractError, UsageError
from qianhang.plan import connectors
from qianhang.plan.evidence import evidence

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
RECORDS = [
    {"kind": "statistic", "subject": "规上企业", "on": "2026-05-31", "value": 12, "unit": "家",
     "facts": {"region": "云泽市"}},
    {"kind": "statistic", "subject": "产值", "on": "2026-05-31", "value": 35.5, "unit": "亿元"},
]  # fmt: skip


@pytest.fixture
def private(ledger):
    private, public = connectors.new_key()
    connectors.register_key(ledger, "statistics", public, by="钱二", at=NOW)
    return private


def sealed(private, sequence=1, records=RECORDS, **more):
    made = connectors.seal(
        "statistics", sequence, sent="2026-06-01", records=records, private=private
    )
    return made | more


def deliver(store, body):
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return connectors.deliver(store, raw, at=NOW)


def test_a_signed_delivery_becomes_evidence_of_grade_b(ledger, private):
    made = deliver(ledger, sealed(private))
    found = evidence(ledger)
    assert [e.seq for e in found] == list(made.seqs)
    assert [(e.grade, e.by, e.value, e.unit) for e in found] == [
        ("B", "statistics", 12.0, "家"), ("B", "statistics", 35.5, "亿元"),
    ]  # fmt: skip
    assert found[0].facts == {"region": "云泽市"}
    assert ledger.verify().files == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b["records"][0].update(value=13),
        lambda b: b.update(sequence=2),
        lambda b: b.update(sent="2026-06-02"),
        lambda b: b["records"].pop(),
        lambda b: b.update(signature="AAAA"),
        lambda b: b.update(signature="not base64!"),
    ],
)
def test_an_altered_delivery_is_refused_whole(ledger, private, change):
    body = json.loads(json.dumps(sealed(private)))
    change(body)
    with pytest.raises(ContractError, match="QH181"):
        deliver(ledger, body)
    assert evidence(ledger) == []


def test_a_delivery_is_taken_once_and_none_before_it_later(ledger, private):
    deliver(ledger, sealed(private, 5))
    for sequence in (5, 4):
        with pytest.raises(ContractError, match="QH182"):
            deliver(ledger, sealed(private, sequence))
    assert len(evidence(ledger)) == 2
    deliver(ledger, sealed(private, 6))
    assert len(evidence(ledger)) == 4


def test_a_stranger_a_wrong_key_and_a_retired_one_are_refused(ledger, private):
    other, _ = connectors.new_key()
    with pytest.raises(ContractError, match="QH181"):
        deliver(ledger, sealed(other))
    with pytest.raises(ContractError, match="QH181 connector 'x' has no key"):
        deliver(ledger, connectors.seal("x", 1, sent="", records=[], private=other))
    connectors.retire_key(ledger, "statistics", by="钱二", at=NOW)
    with pytest.raises(ContractError, match="retired"):
        deliver(ledger, sealed(private))
    with pytest.raises(UsageError, match="QH826"):
        connectors.retire_key(ledger, "statistics", by="钱二", at=NOW)


def test_a_key_in_force_is_not_silently_replaced(ledger, private):
    _, public = connectors.new_key()
    with pytest.raises(UsageError, match="QH826"):
        connectors.register_key(ledger, "statistics", public, by="钱二", at=NOW)
    with pytest.raises(UsageError, match="QH826"):
        connectors.register_key(ledger, "other", "abc", by="钱二", at=NOW)


def csv_of(body):
    head = "".join(f"# {k} = {body[k]}\n" for k in ("connector", "sequence", "sent", "signature"))
    rows = "kind,subject,on,value,unit,facts.region\n" + "".join(
        f"{r['kind']},{r['subject']},{r['on']},{r['value']},{r['unit']},"
        f"{r.get('facts', {}).get('region', '')}\n"
        for r in body["records"]
    )
    return (head + rows).encode()


def test_the_same_signature_holds_for_the_table_form(ledger, private):
    deliver(ledger, csv_of(sealed(private)))
    assert [e.value for e in evidence(ledger)] == [12.0, 35.5]


def test_an_altered_table_is_refused(ledger, private):
    with pytest.raises(ContractError, match="QH181"):
        deliver(ledger, csv_of(sealed(private)).replace(b"35.5", b"36.5"))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"\xff\xfe", b"[]", b'{"a": 1}', b"kind,subject\nx", b"# connector = a\nkind\nx",
        b'{"connector":"a","sequence":true,"sent":"","records":[],"signature":""}',
        b'{"connector":"a","sequence":1,"sent":"","records":{},"signature":""}',
    ],
)  # fmt: skip
def test_what_is_no_delivery_is_refused_by_name(ledger, raw):
    with pytest.raises(ContractError, match="QH183"):
        deliver(ledger, raw)


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "statistic"}, {"kind": "rumour", "subject": "x", "on": "2026-05-31"},
        {"kind": "statistic", "subject": "x", "on": "31.5.2026"},
        {"kind": "statistic", "subject": "x", "on": "2026-05-31", "value": "many"},
        {"kind": "statistic", "subject": "x", "on": "2026-05-31", "grade": "A"},
        {"kind": "claim", "subject": "x", "on": "2026-05-31", "value": 3}, "text",
    ],
)  # fmt: skip
def test_one_record_that_cannot_be_read_refuses_the_delivery(ledger, private, record):
    with pytest.raises(ContractError, match="QH183"):
        deliver(ledger, sealed(private, records=[RECORDS[0], record]))
    assert evidence(ledger) == []
    assert [e.kind for e in ledger.entries()] == ["plan.key"]


@pytest.fixture
def target(put_plan):
    put_plan(targets=[{"indicator": "云泽市", "unit": "家", "value": 30}])
    return "P1.T1"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": "P1.T9"}, "s.json, record 2, field target: found 'P1.T9', expected a target"),
        ({"target": "P7.T1"}, "s.json, record 2, field target: found 'P7.T1', expected a target"),
        ({"target": "规上企业"}, "s.json, record 2, field target: found '规上企业'"),
        ({"target": "P1.T1", "unit": "亿元"}, "field unit: found '亿元', expected '家' or a unit"),
        ({"on": "31.5.2026"}, "s.json, record 2, field on: found '31.5.2026', expected a day"),
        ({"value": "many"}, "s.json, record 2, field value: found 'many', expected a number"),
        ({"facts": 3}, "s.json, record 2, field facts: found 3, expected names"),
    ],
)
def test_a_wrong_record_is_named_by_file_record_and_field_and_nothing_is_written(
    ledger, private, target, changed, words
):
    before = [e.seq for e in ledger.entries()]
    body = sealed(private, records=[RECORDS[0], RECORDS[0] | changed])
    with pytest.raises(ContractError, match="QH183") as refused:
        connectors.deliver(ledger, json.dumps(body).encode(), at=NOW, name="s.json")
    assert words in refused.value.message
    assert [e.seq for e in ledger.entries()] == before
    assert evidence(ledger) == []


def test_a_record_about_a_target_is_kept_under_the_ledgers_own_reference(ledger, private, target):
    records = [RECORDS[0] | {"target": "p1.t1", "unit": "万家", "value": 0.002}]
    deliver(ledger, sealed(private, records=records))
    assert [(e.target, e.value, e.unit) for e in evidence(ledger)] == [("P1.T1", 0.002, "万家")]
