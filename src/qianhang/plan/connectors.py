"""Evidence from other systems: deliveries signed with Ed25519 over canonical JSON, taken once.

A delivery is {connector, sequence, sent, records, signature}: JSON, or CSV with the first four as
comment lines. The signature is over the canonical JSON of everything else, so that both forms of
one delivery carry the same.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import ContractError, MissingExtra, UsageError
from qianhang.plan import schema
from qianhang.plan.author import signed, stamp
from qianhang.plan.evidence import Observation, observe

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Delivery", "deliver", "new_key", "register_key", "retire_key", "seal"]

_KIND = "evidence.delivery"
_PARTS = ("connector", "sequence", "sent", "records", "signature")
_FIELDS = ("kind", "subject", "on", "value", "unit", "key", "target", "facts")
_MOST_BYTES, _MOST_RECORDS = 20_000_000, 20_000
_HEX = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(r"#\s*(connector|sequence|sent|signature)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came in: seqs are the evidence records that it became."""

    connector: str
    sequence: int
    seqs: tuple[int, ...]


def new_key() -> tuple[str, str]:
    """A fresh pair of keys in hex: private (stays with the sender), public (registered here)."""
    private = _ed25519().Ed25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def seal(
    connector: str,
    sequence: int,
    *,
    sent: str,
    records: Sequence[Mapping[str, Any]],
    private: str,
) -> dict[str, Any]:
    """A delivery with its signature, JSON-ready; what a sender runs on its side."""
    body = {"connector": connector, "sequence": sequence, "sent": sent, "records": list(records)}
    key = _ed25519().Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    return body | {"signature": base64.b64encode(key.sign(_canonical(body))).decode()}


def register_key(store: Store, name: str, public: str, *, by: str, at: datetime) -> None:
    """A connector's public key, from now on.

    Raises UsageError where the key is not 64 hex digits or the name has a key in force.
    """
    if not name.strip() or len(name) > 80 or not _HEX.fullmatch(public):
        message = f"connector {name!r}: expected a name and a public key of 64 hex digits"
        raise UsageError("QH826", message)
    table = schema.key
    row = {"name": name, "public": public, "retired": "", "by": signed(by), "at": stamp(at)}
    with store.write() as tx:
        known = tx.execute(sa.select(table).where(table.c.name == name)).one_or_none()
        if known and not known.retired:
            raise UsageError("QH826", f"connector {name!r} has a key: retire it first")
        tx.execute(sa.delete(table).where(table.c.name == name))
        tx.execute(sa.insert(table).values(row))
        tx.append("plan.key", name, payload=row, at=at)


def retire_key(store: Store, name: str, *, by: str, at: datetime) -> None:
    """The key is no longer taken; what it signed before stays.

    Raises UsageError where the name has no key in force.
    """
    table = schema.key
    with store.write() as tx:
        where = (table.c.name == name) & (table.c.retired == "")
        if tx.execute(sa.update(table).where(where).values(retired=stamp(at))).rowcount != 1:
            raise UsageError("QH826", f"connector {name!r} has no key in force")
        payload = {"name": name, "retired": stamp(at), "by": signed(by)}
        tx.append("plan.key", name, payload=payload, at=at)


def deliver(store: Store, raw: bytes, *, at: datetime) -> Delivery:
    """The delivery as evidence of grade B: all of its records, or none.

    Raises ContractError where the signature is not that of a registered connector over these very
    contents, the delivery or a later one was taken before, or a record cannot be read.
    """
    body = _body(raw)
    connector, sequence = str(body["connector"]), body["sequence"]
    _verify(store, body)
    seen = [_observation(r, f"{connector} record {n}") for n, r in enumerate(body["records"], 1)]
    file = store.files.put(raw)
    with store.write() as tx:
        payload = {"sequence": sequence, "records": len(seen), "files": {"delivery": file}}
        mark = tx.append(_KIND, connector, payload=payload, at=at)
        _refuse_replay(tx, connector, sequence, mark.seq)
        try:
            made = [observe(tx, each, grade="B", by=connector, at=at) for each in seen]
        except UsageError as cause:
            raise ContractError("QH183", f"{connector}: {cause.message}") from cause
    return Delivery(connector, sequence, tuple(e.seq for e in made))


def _refuse_replay(tx: Transaction, connector: str, sequence: int, mark: int) -> None:
    """Our own mark is written already, so that two at once cannot both pass."""
    from qianhang.store.log import entries

    before = [e for e in entries(tx.connection, kind=_KIND, subject=connector) if e.seq < mark]
    last = max((e.payload["sequence"] for e in before), default=-1)
    if sequence <= last:
        raise ContractError(
            "QH182",
            f"{connector}: delivery {sequence} comes again or late: {last} was taken before",
            hint="each delivery has a higher sequence than the one before",
        )


def _verify(store: Store, body: Mapping[str, Any]) -> None:
    curve = _ed25519()
    from cryptography.exceptions import InvalidSignature

    name = str(body["connector"])
    table = schema.key
    with store.read() as connection:
        key = connection.execute(sa.select(table).where(table.c.name == name)).one_or_none()
    if key is None or key.retired:
        why = "has no key here" if key is None else f"had its key retired at {key.retired}"
        raise ContractError(
            "QH181", f"connector {name!r} {why}", hint="plan connector add NAME --public HEX"
        )
    content = {k: v for k, v in body.items() if k != "signature"}
    try:
        signature = base64.b64decode(str(body["signature"]), validate=True)
        public = curve.Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public))
        public.verify(signature, _canonical(content))
    except (InvalidSignature, binascii.Error, ValueError):
        message = f"{name}: the signature is not {name}'s over these contents"
        raise ContractError("QH181", message, hint="altered on the way, or another key") from None


def _body(raw: bytes) -> dict[str, Any]:
    """The delivery in either form, its parts of the right types."""
    if len(raw) > _MOST_BYTES:
        message = f"the delivery holds {len(raw):,} bytes, at most {_MOST_BYTES:,} are taken"
        raise ContractError("QH183", message)
    try:
        text = raw.decode("utf-8-sig")
        body = json.loads(text) if text.lstrip().startswith("{") else _from_csv(text)
    except (UnicodeDecodeError, ValueError, csv.Error) as cause:
        raise ContractError("QH183", f"the delivery cannot be read: {cause}") from cause
    if not isinstance(body, dict) or set(body) != set(_PARTS):
        found = sorted(body) if isinstance(body, dict) else type(body).__name__
        raise ContractError("QH183", f"the delivery holds {found}, expected {', '.join(_PARTS)}")
    if type(body["sequence"]) is not int or body["sequence"] < 0:
        message = f"sequence {body['sequence']!r}: expected a whole number from 0"
        raise ContractError("QH183", message)
    if not isinstance(body["records"], list) or len(body["records"]) > _MOST_RECORDS:
        raise ContractError("QH183", f"records: expected a list of at most {_MOST_RECORDS:,}")
    return body


def _from_csv(text: str) -> dict[str, Any]:
    """Comment lines first (# connector = ...), then a table; facts in columns `facts.<name>`."""
    lines = text.splitlines()
    head = {found[1]: found[2].strip() for line in lines if (found := _HEAD.match(line))}
    table = csv.DictReader(io.StringIO("\n".join(r for r in lines if not r.startswith("#"))))
    records = []
    for row in table:
        if None in row or None in row.values():
            raise ValueError(f"line {table.line_num} of the table has another number of columns")
        cells = {k: v for k, v in row.items() if v != "" and not k.startswith("facts.")}
        facts = {k[6:]: _cell(v) for k, v in row.items() if k.startswith("facts.") and v != ""}
        if "value" in cells:
            cells["value"] = _cell(cells["value"])
        records.append({**cells, **({"facts": facts} if facts else {})})
    sequence = head.get("sequence", "")
    number = int(sequence) if sequence.isdecimal() else sequence
    return {**head, "sequence": number, "records": records}


def _cell(text: str) -> Any:
    """A number where it reads as one, a truth value, else the text."""
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return {"true": True, "false": False}.get(text, text)


def _observation(raw: Any, where: str) -> Observation:
    if not isinstance(raw, dict) or set(raw) - set(_FIELDS):
        extra = sorted(set(raw) - set(_FIELDS)) if isinstance(raw, dict) else raw
        raise ContractError("QH183", f"{where}: {extra}; expected {', '.join(_FIELDS)}")
    try:
        value = raw.get("value")
        if isinstance(value, bool):
            raise TypeError("value is true or false, expected a number")
        return Observation(
            kind=str(raw["kind"]), subject=str(raw["subject"]),
            on=date.fromisoformat(str(raw["on"])), value=None if value is None else float(value),
            unit=str(raw.get("unit", "")), key=str(raw.get("key", "")),
            target=str(raw.get("target", "")), facts=dict(raw.get("facts", {})),
        )  # fmt: skip
    except KeyError as cause:
        raise ContractError("QH183", f"{where}: {cause} is missing") from None
    except (TypeError, ValueError) as cause:
        raise ContractError("QH183", f"{where}: {cause}") from None


def _canonical(body: Mapping[str, Any]) -> bytes:
    from qianhang.store.log import canonical

    return canonical(body).encode()


def _ed25519() -> Any:
    """The library's module.

    Raises MissingExtra where it is not installed.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        how = 'pip install "qianhang[plan]"'
        raise MissingExtra("QH810", "signatures need the library cryptography", hint=how) from None
    return ed25519
