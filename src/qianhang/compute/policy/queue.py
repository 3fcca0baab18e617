"""What waits, by class: same shape, same pools, same rules; so only heads need a look."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from heapq import heappop, heappush

from qianhang.compute.job import Job
from qianhang.compute.policy.option import Option
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.rack import Rack

__all__ = ["Entry", "Klass", "Queue"]

Head = tuple[int, float, float, str, "Entry"]


class Entry:
    """One job that waits: its estimate, and when it has to have a reservation."""

    __slots__ = ("alive", "due", "estimate", "job", "klass", "late", "left", "limit", "parts")

    def __init__(self, job: Job, klass: Klass, *, estimate: float, due: float) -> None:
        self.job, self.klass, self.due = job, klass, due
        self.estimate, self.limit = estimate, job.estimate_s
        self.left = self.parts = 1 if job.want.gang else job.want.replicas
        self.alive, self.late = True, False


class Klass:
    """Jobs that differ in estimate, age, tier and organisation only.

    lines : organisation ("" where shares do not count) -> heap by tier, area, age, id
    late : jobs past their due time, oldest due first
    """

    __slots__ = ("chips", "late", "lines", "options", "part", "replicas", "total", "waiting")

    def __init__(self, job: Job, options: tuple[Option, ...]) -> None:
        want = job.want
        self.part = round(want.chips * 100) if want.chips < 1 else 0
        self.chips = 1 if self.part else int(want.chips)
        self.replicas = want.replicas if want.gang else 1
        self.total = self.chips * self.replicas
        self.options = options
        self.lines: dict[str, list[Head]] = {}
        self.late: list[tuple[float, str, Entry]] = []
        self.waiting = 0


class Queue:
    """A ledger of what waits. Decisions read it; `add`, `remove`, `tick`, `freed` change it.

    touched : classes of which a job may be able to start; every other has been tried in vain
    """

    def __init__(self, params: Params) -> None:
        self.params = params
        self.entries: dict[str, Entry] = {}
        self.classes: dict[object, Klass] = {}
        self.touched: dict[Klass, None] = {}
        self.dues: list[tuple[float, str, Entry]] = []
        self.late: list[tuple[float, str, Entry]] = []
        self.review = False

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, job: Job, klass: Klass, *, estimate: float, now: float) -> Entry:
        """The job waits from now on.

        estimate : run time that order and backfill go by, s
        """
        params = self.params
        due = self._due(job, klass, estimate)
        entry = Entry(job, klass, estimate=estimate, due=due)
        self.entries[job.id] = entry
        area = (estimate * klass.total) ** params.area_power if params.area_power != 1 else (
            estimate * klass.total
        )  # fmt: skip
        line = klass.lines.setdefault(job.org if params.share_step else "", [])
        heappush(line, (job.tier, area, job.submitted, job.id, entry))  # type: ignore[misc]
        heappush(self.dues, (due, job.id, entry))
        klass.waiting += 1
        self._touch_if_room(klass)
        return entry

    def _due(self, job: Job, klass: Klass, estimate: float) -> float:
        params = self.params
        age = params.reserve_after_s if job.max_wait_s is None else job.max_wait_s
        due = job.submitted + age + params.reserve_per_area * estimate * klass.total
        if job.deadline is not None:
            due = min(due, job.deadline - estimate * params.margin - params.deadline_lead_s)
        return due

    def _touch_if_room(self, klass: Klass) -> None:
        total = klass.total
        for option in klass.options:
            if option.rack.free >= total or klass.part:
                self.touched[klass] = None
                return

    def remove(self, entry: Entry) -> None:
        """The job no longer waits."""
        entry.alive = False
        del self.entries[entry.job.id]
        klass = entry.klass
        klass.waiting -= 1
        line = klass.lines[entry.job.org if self.params.share_step else ""]
        while line and not line[0][-1].alive:
            heappop(line)
        if entry.late:
            klass.late.remove((entry.due, entry.job.id, entry))
            self.late.remove((entry.due, entry.job.id, entry))
        dues = self.dues
        while dues and not dues[0][2].alive:
            heappop(dues)

    def tick(self, now: float) -> None:
        """Jobs whose due time has come are late from here on."""
        dues = self.dues
        while dues and dues[0][0] <= now:
            item = heappop(dues)
            if item[2].alive and not item[2].late:
                self._late(item)

    def hasten(self, job: str, now: float) -> None:
        """The job is late from now on."""
        entry = self.entries[job]
        if not entry.late:
            entry.due = now
            self._late((now, job, entry))

    def _late(self, item: tuple[float, str, Entry]) -> None:
        entry = item[2]
        entry.late = True
        insort(entry.klass.late, item)
        insort(self.late, item)
        self.touched[entry.klass] = None
        self.review = True

    def touch(self, rack: Rack) -> None:
        """Every class that may use this rack is worth a look."""
        for klass in rack.klasses:
            if klass.waiting:
                self.touched[klass] = None

    def freed(self, rack: Rack, before: tuple[float, float]) -> None:
        """Chips of the rack came free; before: its free chips and its extra until then."""
        totals, klasses, touched = rack.totals, rack.klasses, self.touched
        free = rack.free
        if not rack.loose or rack.pool.lending.owners or (rack.hold and rack.hold.need <= free):
            for klass in klasses[: bisect_right(totals, free)]:
                if klass.waiting:
                    touched[klass] = None
            return
        for low, high in ((before[0], free), (before[1], rack.extra)):
            if high > low:
                for klass in klasses[bisect_right(totals, low) : bisect_right(totals, high)]:
                    if klass.waiting and klass.total <= free:
                        touched[klass] = None

    def register(self, klass: Klass) -> None:
        """The class is known to its racks, in order of size."""
        for rack in dict.fromkeys(option.rack for option in klass.options):
            at = bisect_left(rack.totals, klass.total)
            rack.totals.insert(at, klass.total)
            rack.klasses.insert(at, klass)

    def ids(self) -> Iterable[str]:
        """Ids of the jobs that wait."""
        return self.entries.keys()
