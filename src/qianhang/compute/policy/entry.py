"""One job in the ledgers, from waiting to running; and the class of jobs that differ in little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qianhang.compute.job import Job

if TYPE_CHECKING:
    from qianhang.compute.policy.option import Option
    from qianhang.compute.policy.params import Params
    from qianhang.compute.policy.rack import Rack

__all__ = ["Entry", "Head", "Klass", "Reach"]


class Entry:
    """A job that waits, then runs: one object, since a replay makes hundreds of thousands.

    estimate : run time that order and backfill go by, s; due : when it may ask for a reservation
    ripe : when it gets one as the first of its pool's order; 0: whenever it asks
    left, parts : replicas still to start one by one; 1 of 1 where they start together
    back : until when it stands back from the next place that it was offered, s; see `polite`
    kept : where room is kept for it; turn : its place among the starts of its rack
    since, end : start and expected end; option : where it runs; leaving : when it has to be gone
    mark : the caller's own number for the job
    """

    __slots__ = (
        "alive", "back", "due", "end", "estimate", "job", "kept", "klass", "late", "leaving",
        "left", "lent", "mark", "nodes", "number", "option", "parts", "ripe", "shares", "since",
        "turn",
    )  # fmt: skip

    since: float
    end: float
    nodes: tuple[int, ...]
    shares: tuple[int, ...]
    option: Option
    turn: int

    def __init__(self, job: Job, klass: Klass, estimate: float, due: float) -> None:
        self.job, self.klass, self.estimate, self.due = job, klass, estimate, due
        self.ripe = due
        self.left = self.parts = klass.parts
        self.alive, self.late = True, False
        self.number = self.mark = 0
        self.leaving = 0.0
        self.back = 0.0
        self.lent = False
        self.kept: Rack | None = None
        self.nodes = self.shares = ()

    def __lt__(self, other: Entry) -> bool:
        # Heaps ask only where all else is equal: an entry and the dead one of the same job.
        return False

    @property
    def rack(self) -> Rack:
        """Where it runs."""
        return self.option.rack

    @property
    def limit(self) -> float:
        """When the asker's estimate ends."""
        return max(self.end, self.since + self.job.estimate_s)

    def expected(self, now: float, overrun: float) -> float:
        """When it ends as far as one can tell now, seconds since 1970 UTC."""
        if self.end > now:
            return self.end
        longer = now + max(1.0, overrun * (now - self.since))
        return min(self.limit, longer) if self.limit > now else longer

    def replica(self) -> Entry:
        """A running replica of a job whose others still wait."""
        found = Entry(self.job, self.klass, self.estimate, self.due)
        found.number, found.mark = self.parts - self.left, self.mark
        return found


Head = tuple[int, float, float, str, Entry]


class Reach:
    """Classes that the same racks may take, so that one look finds the first of all of them.

    waiting : those of which a job waits
    first : the first of these jobs in the order; stale : whether that has to be worked out anew
    """

    __slots__ = ("first", "racks", "stale", "waiting")

    def __init__(self, racks: tuple[Rack, ...]) -> None:
        self.racks = racks
        self.waiting: dict[Klass, None] = {}
        self.first: Head | None = None
        self.stale = False

    def meet(self, head: Head) -> None:
        """One more job, the first of its class."""
        if not self.stale and (self.first is None or head < self.first):
            self.first = head

    def renew(self) -> None:
        """Work out the first."""
        heads = [line[0] for klass in self.waiting for line in klass.lines.values() if line]
        self.first, self.stale = min(heads, default=None), False


class Klass:
    """Jobs that differ in estimate, age, tier and organisation only.

    total : chips of one start; weight : what they count in the order
    part : hundredths of a chip a replica, 0 of whole chips
    options : the racks that may take them; ranked : the same, smallest first
    ways : rack -> the option there, alone
    reach : the classes of the same racks; flat : all options cost the same
    pinned : one only; patience : further age, in estimates, until its first gets a reservation
    crowding : one only, where other jobs may have the choice
    hard_s : age at which any of its jobs may have a reservation
    lines : organisation ("" where shares do not count) -> heap by tier, area, age, id
    late : jobs past their due time, oldest due first; kept : jobs for which room is kept
    asks : none of its jobs may have a reservation for its age before, s; stale : not worked out
    """

    __slots__ = (
        "asks", "chips", "crowding", "flat", "hard_s", "kept", "late", "lines", "options",
        "part", "parts", "patience", "pinned", "plain", "ranked", "reach", "replicas", "stale",
        "total", "waiting", "ways", "weight",
    )  # fmt: skip

    def __init__(
        self, job: Job, options: tuple[Option, ...], params: Params, *, reach: Reach, alone: bool
    ) -> None:
        want = job.want
        self.part = round(want.chips * 100) if want.chips < 1 else 0
        self.chips = 1 if self.part else int(want.chips)
        self.replicas, self.parts = (want.replicas, 1) if want.gang else (1, want.replicas)
        self.total = self.chips * self.replicas
        self.options = options
        self.ranked = (
            options if len(options) == 1 else tuple(sorted(options, key=lambda one: one.rack.chips))
        )
        self.ways = {one.rack: options if len(options) == 1 else (one,) for one in options}
        self.flat = len({option.rates for option in options}) < 2
        self.plain = not self.part and not any(option.lent for option in options)
        self.lines: dict[str, list[Head]] = {}
        self.late: list[tuple[float, str, Entry]] = []
        self.waiting = self.kept = 0
        self.reach, self.asks, self.stale = reach, 0.0, True
        self.weight = (
            float(self.total) ** params.chip_power * max(len(options), 1) ** params.roam_power
        )
        self.pinned = len(options) == 1
        self.patience = params.reserve_per_area * self.total if self.pinned else 0.0
        self.crowding = self.pinned and not alone
        self.hard_s = params.pinned_after_s if self.pinned else params.hard_after_s

    def renew(self) -> None:
        """Work out when the oldest or one of the first may have a reservation for its age."""
        entries = [line[0][4] for line in self.lines.values() if line]
        if self.late:
            entries.append(self.late[0][2])
        self.stale = False
        self.asks = min(
            (
                0.0 if one.late and not one.ripe else one.job.submitted + self.hard_s
                for one in entries
                if one.kept is None
            ),
            default=float("inf"),
        )
