"""What the policy answers: start, reserve, give back, refuse; each with the reasons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from qianhang.compute.job import Want
    from qianhang.compute.policy.option import Option

__all__ = [
    "TERMS",
    "Cost",
    "Decision",
    "Placement",
    "Preempt",
    "Reason",
    "Refusal",
    "Refuse",
    "Reserve",
    "ScoreTerm",
    "Start",
]

# Named tuples: as frozen as a dataclass, and a replay makes millions of them.

Reason = Literal[
    "not_named",
    "no_such_chip",
    "replica_too_large",
    "pool_too_small",
    "residency",
    "security_class",
    "price_cap",
    "lend_cap",
    "too_late",
    "pool_down",
    "busy",
    "held_for_other",
    "quota",
]
TERMS = ("price", "voucher", "waiting", "data", "electricity", "carbon", "move")


class ScoreTerm(NamedTuple):
    """One summand of the number by which a pool was chosen, fen; savings are negative."""

    name: str
    fen: int


class Cost(NamedTuple):
    """The number by which a pool is chosen, term by term, fen; the lowest sum wins."""

    price: int = 0
    voucher: int = 0
    waiting: int = 0
    data: int = 0
    electricity: int = 0
    carbon: int = 0
    move: int = 0

    def terms(self) -> tuple[ScoreTerm, ...]:
        """The summands by name."""
        return tuple(ScoreTerm(name, fen) for name, fen in zip(TERMS, self, strict=True))


class Placement(NamedTuple):
    """Where a job runs: replicas x chips of a flavour in a pool.

    rack : index of the stock within the pool
    """

    pool: str
    flavour: str
    replicas: int
    chips: float
    rack: int = 0


class Refusal(NamedTuple):
    """Why a pool does not take a job (now): a reason code, what was found, what was asked."""

    pool: str
    reason: Reason
    found: str = ""
    expected: str = ""


class Start(NamedTuple):
    """Start this job here and now.

    option : the rack, with what a second there costs
    run_s : run time expected there, transfer of its data not included, s
    waiting_fen_s : what a second of waiting of this job is worth, fen
    part : which replica, of a job whose replicas start one by one
    """

    job: str
    option: Option
    run_s: float
    waiting_fen_s: float
    want: Want
    part: int = 0

    @property
    def placement(self) -> Placement:
        """Pool, flavour and shape."""
        rack, want = self.option.rack, self.want
        replicas = want.replicas if want.gang else 1
        return Placement(rack.pool.id, rack.flavour, replicas, want.chips, rack.index)

    @property
    def cost(self) -> Cost:
        """The number by which this pool was chosen, term by term, fen."""
        return self.option.cost(self.run_s, self.waiting_fen_s)


class Reserve(NamedTuple):
    """Keep room in this pool for this job from `at` on, seconds since 1970 UTC.

    rack : index of the stock within the pool
    nodes, needs : the nodes that it needs, where it needs some, and how many chips of each
    hard : whether for its hard age, not as the first of its class
    strict : whether an earlier promise was not kept, so that only askers' own estimates count now
    """

    job: str
    pool: str
    at: float
    rack: int = 0
    nodes: tuple[int, ...] = ()
    needs: tuple[int, ...] = ()
    hard: bool = False
    strict: bool = False


class Preempt(NamedTuple):
    """Ask this running job to write its checkpoint and leave by `by`; `owner` claims the room."""

    job: str
    pool: str
    by: float
    owner: str
    part: int = 0


class Refuse(NamedTuple):
    """No pool will ever take this job as it stands: one refusal for each pool."""

    job: str
    refusals: tuple[Refusal, ...]


Decision = Start | Reserve | Preempt | Refuse
