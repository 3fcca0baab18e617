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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import ContractError, MissingExtra, UsageError
from qianhang.plan import schema
from qianhang.plan.answers import about, asked
from qianhang.plan.author import signed, stamp
from qianhang.plan.evidence import Observation, checked, observe

if TYPE_CHECKING:
    from pathlib import Path

    from qianhang.store import Store, Transaction

__all__ = ["Delivery", "deliver", "fetched", "new_key", "register_key", "retire_key", "seal"]

_KIND = "evidence.delivery"
_PARTS = ("connector", "sequence", "sent", "records", "signature")
_FIELDS = ("kind", "subject", "on", "value", "unit", "key", "target", "facts")
_REQUIRED = ("kind", "subject", "on")
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


def fetched(path: Path) -> bytes:
    """The bytes of a delivery that lies in a file.

    Raises ContractError where it is not there, is no file or is too large.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise _too_large(path.name, size)
        return path.read_bytes()
    except OSError as cause:
        raise ContractError("QH183", f"{path}: {cause.strerror}") from None


def deliver(store: Store, raw: bytes, *, at: datetime, name: str = "") -> Delivery:
    """The delivery as evidence of grade B: all of its records, or none.

    name : of the file, for errors
    Raises ContractError where the signature is not that of a registered connector over these very
    contents, the delivery or a later one was taken before, or a record cannot be read, names a
    target that is not there, or has a unit that the target's cannot be read from.
    """
    body = _body(raw, name or "the delivery")
    connector, sequence = str(body["connector"]), body["sequence"]
    _verify(store, body)
    shown = name or connector
    read = [_observation(r, f"{shown}, record {n}") for n, r in enumerate(body["records"], 1)]
    known = asked(store, (r.target for r in read if r.target))
    seen = [about(known, r, where=f"{shown}, record {n}") for n, r in enumerate(read, 1)]
    file = store.files.put(raw)
    with store.write() as tx:
        payload = {"sequence": sequence, "records": len(seen), "files": {"delivery": file}}
        mark = tx.append(_KIND, connector, payload=payload, at=at)
        _refuse_replay(tx, connector, sequence, mark.seq)
        made = [observe(tx, each, grade="B", by=connector, at=at) for each in seen]
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


def _body(raw: bytes, shown: str) -> dict[str, Any]:
    """The delivery in either form, its parts of the right types; shown : its name, for errors."""
    if len(raw) > _MOST_BYTES:
        raise _too_large(shown, len(raw))
    try:
        text = raw.decode("utf-8-sig")
        body = json.loads(text) if text.lstrip().startswith("{") else _from_csv(text)
    except (UnicodeDecodeError, ValueError, csv.Error) as cause:
        raise ContractError("QH183", f"{shown}: no JSON and no CSV ({cause})") from cause
    if not isinstance(body, dict) or set(body) != set(_PARTS):
        found = sorted(body) if isinstance(body, dict) else type(body).__name__
        raise ContractError("QH183", f"{shown}: found {found}, expected {', '.join(_PARTS)}")
    if type(body["sequence"]) is not int or body["sequence"] < 0:
        message = f"{shown}, sequence: found {body['sequence']!r}, expected a whole number from 0"
        raise ContractError("QH183", message)
    if not isinstance(body["records"], list) or len(body["records"]) > _MOST_RECORDS:
        raise ContractError(
            "QH183", f"{shown}, records: expected a list of at most {_MOST_RECORDS:,}"
        )
    return body


def _too_large(shown: str, size: int) -> ContractError:
    message = f"{shown}: found {size:,} bytes, expected at most {_MOST_BYTES:,}"
    return ContractError("QH183", message)


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
    """The record, checked before anything is written."""
    if not isinstance(raw, dict):
        raise ContractError("QH183", f"{where}: found {raw!r}, expected {', '.join(_FIELDS)}")
    unknown = sorted(set(raw) - set(_FIELDS))
    if unknown:
        message = f"{where}: found field {unknown[0]!r}, expected {', '.join(_FIELDS)}"
        raise ContractError("QH183", message)
    values = {name: read(raw, name, where) for name, read in _READERS.items()}
    seen = Observation(**values)
    try:
        checked(seen, grade="B", by="connector")
    except UsageError as cause:
        raise ContractError("QH183", f"{where}: {cause.message}") from None
    return seen


def _text(raw: Mapping[str, Any], name: str, where: str) -> str:
    found = raw.get(name, "")
    if name in _REQUIRED and found in ("", None):
        raise ContractError("QH183", f"{where}, field {name}: is missing")
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise _wrong(where, name, found, "a text")
    return str(found)


def _day(raw: Mapping[str, Any], name: str, where: str) -> date:
    text = _text(raw, name, where)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(where, name, text, "a day such as 2026-05-31") from None


def _number(raw: Mapping[str, Any], name: str, where: str) -> float | None:
    found = raw.get(name)
    if found is None:
        return None
    try:
        if isinstance(found, bool):
            raise TypeError
        return float(found)
    except (TypeError, ValueError):
        raise _wrong(where, name, found, "a number") from None


def _facts(raw: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise _wrong(where, name, found, "names with their values")
    return found


def _wrong(where: str, name: str, found: object, expected: str) -> ContractError:
    message = f"{where}, field {name}: found {found!r}, expected {expected}"
    return ContractError("QH183", message)


_READERS: Mapping[str, Callable[[Mapping[str, Any], str, str], Any]] = {
    "kind": _text, "subject": _text, "on": _day, "value": _number, "unit": _text, "key": _text,
    "target": _text, "facts": _facts,
}  # fmt: skip


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
