"""What the API answers, as plain dictionaries; units and meaning stand in docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = [
    "Account",
    "Ask",
    "AskError",
    "AskEvent",
    "Bar",
    "ContractColumn",
    "ContractInput",
    "Dataset",
    "DatasetColumn",
    "DatasetFile",
    "Gate",
    "GivenRole",
    "Grant",
    "Me",
    "Model",
    "Named",
    "Prediction",
    "PromisedBar",
    "Reason",
    "Reject",
    "Run",
    "RunLine",
    "Scenario",
    "ScenarioCase",
    "ScenarioLine",
    "Upload",
    "Words",
]


class Named(TypedDict):
    """Something by id and name."""

    id: str
    name: str


class Grant(TypedDict):
    """A role at an organisation."""

    org: Named
    role: str


class Me(TypedDict):
    """The account that asks, and what it may do."""

    id: str
    login: str
    name: str
    lang: str
    org: Named
    grants: list[Grant]
    roles: dict[str, int]
    by: str
    scopes: list[str]


class Words(TypedDict):
    """One text in both languages."""

    zh: str
    en: str


class ScenarioLine(TypedDict):
    """One scenario as the catalogue lists it."""

    id: str
    title: Words
    summary: Words
    industry: str
    task: str
    risk: str
    owner: str
    tier: str
    covers: list[str]
    cases: list[str]
    broken: bool


class ContractColumn(TypedDict):
    """The contract of one column."""

    type: str
    unit: str
    low: float | None
    high: float | None
    role: str
    values: list[str | int | float]
    required: bool
    missing: str
    step: str
    zone: str
    aliases: list[str]
    title: Words | None


class ContractInput(TypedDict):
    """A further file beside the main table."""

    format: str
    title: Words
    required: bool
    suffixes: list[str]
    columns: dict[str, ContractColumn]


class PromisedBar(TypedDict):
    """A limit that the scenario promises to keep on held-out data."""

    metric: str
    at_most: float | None
    at_least: float | None
    unit: str
    published: dict[str, Any] | None


class ScenarioCase(TypedDict):
    """One data set on which the scenario is measured."""

    name: str
    title: Words
    dataset: str
    twin: bool
    synthetic: bool
    target: list[str]
    horizon: int
    split: str
    bars: list[PromisedBar]
    better_by: float


class Scenario(ScenarioLine):
    """A scenario with its whole contract."""

    version: str
    purpose: str
    subject: str
    licence_class: str
    human_role: Words | None
    headline: Words | None
    params: dict[str, str | int | float | bool]
    columns: dict[str, ContractColumn]
    inputs: dict[str, ContractInput]
    trivial: Words
    practice: Words | None
    measured: list[ScenarioCase]


class Upload(TypedDict):
    """Files as they are kept."""

    id: str
    org: str
    files: int
    size: int


class AskError(TypedDict):
    """Why a run failed."""

    code: str
    message: str
    hint: str


class Ask(TypedDict):
    """A run as it was asked for, and what became of it; times in UTC."""

    id: str
    org: str
    account: str
    scenario: str
    case: str
    seed: int
    params: dict[str, str]
    upload: str
    subject: str
    region: str
    state: str
    run: str
    asked: str
    started: str
    ended: str
    error: AskError | None


class AskEvent(TypedDict):
    """One thing that was told of an ask."""

    seq: int
    at: str
    step: str
    state: str
    done: int
    total: int
    note: str
    facts: dict[str, Any]


class RunLine(TypedDict):
    """One run as a list shows it; times in UTC."""

    id: str
    scenario: str
    case: str
    state: str
    verdict: str
    started: str
    ended: str
    wall_s: float | None
    org: str
    own: bool


class Bar(TypedDict):
    """One promise, and what was measured."""

    metric: str
    value: float | None
    at_most: float | None
    at_least: float | None
    unit: str
    met: bool | None
    published: dict[str, Any] | None


class Reason(TypedDict):
    """Why the safety gate holds a stage back."""

    code: str
    blocks: str
    text: Words


class Gate(TypedDict):
    """The safety gate's verdict."""

    open: bool
    stage: str
    reasons: list[Reason]


class Run(RunLine):
    """A run with everything that was measured."""

    key: str
    seed: int | None
    params: dict[str, Any]
    source: str
    scores: dict[str, float | None]
    trivial: dict[str, float | None]
    practice: dict[str, float | None]
    gain: float | None
    bars: list[Bar]
    gate: Gate | None
    tables: list[str]
    data: dict[str, Any]
    versions: dict[str, str]
    facts: dict[str, Any]


class Reject(TypedDict):
    """One field of one row that breaks the contract."""

    row: int
    time: str
    field: str
    found: str
    expected: str
    code: str


class Prediction(TypedDict):
    """What the model says, and what it was not asked."""

    answers: int
    rejects: int
    rows: list[dict[str, Any]]
    rejected: list[Reject]


class Model(TypedDict):
    """One version of a scenario's model."""

    scenario: str
    org: str
    version: int
    stage: str
    class_name: str
    run: str
    at: str
    sha256: str


class DatasetFile(TypedDict):
    """One file of a data set."""

    name: str
    reader: str
    sha256: list[str]
    size: int


class DatasetColumn(TypedDict):
    """What a column of the source holds."""

    title: Words | None
    unit: str


class Dataset(TypedDict):
    """A registered data set: source, licence, files."""

    name: str
    title: Words
    source: list[str]
    licence: str
    licence_class: str
    citation: str
    twin: bool
    size: int
    files: list[DatasetFile]
    columns: dict[str, DatasetColumn]


class GivenRole(TypedDict):
    """A role at an organisation."""

    org: str
    role: str


class Account(TypedDict):
    """An account without anything secret."""

    id: str
    login: str
    name: str
    org: str
    state: str
    totp: bool
    lang: str
    grants: list[GivenRole]
    locked_until: str
    issuer: str
