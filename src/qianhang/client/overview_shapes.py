"""What the API answers of the whole house: overview, safety, portal; see docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.shapes import Words

__all__ = [
    "CitedPassage",
    "ComplaintStanding",
    "GateReason",
    "GradedScenario",
    "IndustryShelf",
    "LateTarget",
    "MapTile",
    "NetworkLoad",
    "Overview",
    "OverviewChange",
    "OverviewMap",
    "OwnMap",
    "PolicyAnswer",
    "PoolLoad",
    "PublicBulletin",
    "RefusedUse",
    "SafetyOverview",
    "ScenarioShelf",
    "ShownFigure",
    "ShownScenario",
    "TargetsStanding",
    "Unplaced",
]


class TargetsStanding(TypedDict):
    """The confirmed targets of every plan that the reader may see."""

    total: int
    states: dict[str, int]


class LateTarget(TypedDict):
    """A target that is overdue or behind."""

    plan: str
    code: str
    name: str
    region: str
    state: str
    attainment: float | None
    deadline: int | None
    leaders: list[str]


class IndustryShelf(TypedDict):
    """The scenarios of one industry."""

    industry: str
    total: int
    verified: int


class ScenarioShelf(TypedDict):
    """The catalogue, counted."""

    total: int
    verified: int
    tiers: dict[str, int]
    industries: list[IndustryShelf]


class NetworkLoad(TypedDict):
    """The compute network; jobs are those of the organisations that one covers."""

    pools: int
    cards: int
    busy: float
    waiting: int
    running: int
    away: list[str]
    above: list[str]


class PoolLoad(TypedDict):
    """The pool of the host that answers."""

    up: bool
    threads: int
    threads_free: int
    memory_mb: int


class Overview(TypedDict):
    """Everything on one page, as far as the reader may see it."""

    day: str
    plans: int
    targets: TargetsStanding
    late: int
    latest: list[LateTarget]
    scenarios: ScenarioShelf
    runs_today: dict[str, int]
    waiting: int
    running: int
    compute: PoolLoad
    network: NetworkLoad
    changes: dict[str, int]


class OverviewChange(TypedDict):
    """One thing that changed."""

    kind: str
    at: str
    subject: str
    scenario: str
    run: str
    word: str
    count: int


class MapTile(TypedDict):
    """A region, its place on the grid of tiles, and what is known of it."""

    name: str
    full: str
    en: str
    column: int
    row: int
    plans: int
    targets: int
    met: int
    share: float | None
    scenarios: int


class Unplaced(TypedDict):
    """What lies nowhere on the grid: a county, a zone, a company, an invented place."""

    name: str
    plans: int
    targets: int
    met: int
    share: float | None
    scenarios: int


class OwnMap(TypedDict):
    """The operator's own map, to be had at /api/v1/overview/map/boundary."""

    approval: str
    sha256: str
    regions: list[str]
    at: str


class OverviewMap(TypedDict):
    """The provinces and, where one is chosen, its cities; a province counts its cities too."""

    province: str | None
    provinces: list[MapTile]
    cities: list[MapTile]
    elsewhere: list[Unplaced]
    boundary: OwnMap | None


class GateReason(TypedDict):
    """One reason that the gate gave, and the runs that it held back."""

    code: str
    blocks: str
    title: Words
    todo: Words
    count: int
    runs: list[str]


class RefusedUse(TypedDict):
    """A use for which no scenario is registered."""

    use: Words
    safe: Words
    clause: Words
    verified: str


class SafetyOverview(TypedDict):
    """The gate over the newest runs that the reader may see."""

    judged: int
    stages: dict[str, int]
    reasons: list[GateReason]
    levels: dict[str, int]
    negative: list[RefusedUse]


class GradedScenario(TypedDict):
    """A scenario with its risk grade, and the rule that holds the grade up."""

    scenario: str
    risk: str
    floor: str
    reason: Words
    human_role: Words | None


class ShownFigure(TypedDict):
    """A promised figure beside the baselines on the same data and the best published."""

    metric: str
    unit: str
    value: float | None
    trivial: float | None
    practice: float | None
    published: dict[str, Any] | None
    at_most: float | None
    at_least: float | None
    met: bool


class ShownScenario(TypedDict):
    """A verified scenario, and the public run behind its figures."""

    id: str
    title: Words
    summary: Words
    industry: str
    tier: str
    run: str
    case: str
    at: str
    figures: list[ShownFigure]


class PublicBulletin(TypedDict):
    """A bulletin that anybody may read."""

    id: int
    plan: str
    period: str
    on: str
    files: dict[str, str]
    published: str


class CitedPassage(TypedDict):
    """Words of a document in force, with where they stand."""

    citation: str
    extract: str


class PolicyAnswer(TypedDict):
    """Passages, best first; none where nothing supports an answer."""

    question: str
    available: bool
    passages: list[CitedPassage]
    reason: str
    version: int
    run: str


class ComplaintStanding(TypedDict):
    """Where a complaint stands, for whoever has its number: never what it says."""

    ref: str
    kind: str
    state: str
    received: str
    answer: str
    answered: str
