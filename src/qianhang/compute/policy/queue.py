"""What waits, by class: same shape, same pools, same rules; so only heads need a look."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from heapq import heappop, heappush

from qianhang.compute.job import Job
from qianhang.compute.policy.entry import Entry, Klass
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.rack import Rack

__all__ = ["Queue"]


class Queue:
    """A ledger of what waits. Decisions read it; `add`, `remove`, `tick`, `freed` change it.

    touched : classes of which a job may be able to start; every other has been tried in vain
    dues, turns : jobs by due time, those that came in its order apart from the others
    late : jobs past their due time; old : classes that hold any
    review : whether one of them may want a reservation; wake : when the next may
    """

    def __init__(self, params: Params) -> None:
        self.params = params
        self.entries: dict[str, Entry] = {}
        self.classes: dict[object, Klass] = {}
        self.touched: dict[Klass, None] = {}
        self.dues: list[tuple[float, str, Entry]] = []
        self.turns: deque[tuple[float, str, Entry]] = deque()
        self.late: list[tuple[float, str, Entry]] = []
        self.review = False
        self.wake = float("inf")
        self.old: dict[Klass, None] = {}
        self._by_org = bool(params.share_step)
        self._plain = params.area_power == 1.0 and not params.reserve_per_area
        self._age = params.reserve_after_s

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, job: Job, klass: Klass, estimate: float) -> Entry:
        """The job's entry: it waits from now on.

        estimate : run time that order and backfill go by, s
        """
        submitted, name = job.submitted, job.id
        area = estimate * klass.weight
        if self._plain and job.max_wait_s is None and job.deadline is None:
            due = submitted + self._age
        else:
            due = self._due(job, estimate * klass.total, estimate)
            area **= self.params.area_power
        entry = Entry(job, klass, estimate, due)
        self.entries[name] = entry
        org = job.org if self._by_org else ""
        line = klass.lines.get(org)
        if line is None:
            line = klass.lines[org] = []
        heappush(line, (job.tier, area, submitted, name, entry))
        turns = self.turns
        if not turns or turns[-1][0] <= due:
            turns.append((due, name, entry))
        else:
            heappush(self.dues, (due, name, entry))
        klass.waiting += 1
        if klass.crowding:
            rack = klass.options[0].rack
            rack.wanted += 1
            rack.own(estimate * klass.total, submitted)
        total = klass.total
        for option in klass.options:
            if option.rack.free >= total or klass.part or option.rack.owners:
                self.touched[klass] = None
                break
        return entry

    def _due(self, job: Job, area: float, estimate: float) -> float:
        params = self.params
        age = params.reserve_after_s if job.max_wait_s is None else job.max_wait_s
        due = job.submitted + age + params.reserve_per_area * area
        if job.deadline is not None:
            due = min(due, job.deadline - estimate * params.margin - params.deadline_lead_s)
        return due

    def remove(self, entry: Entry) -> None:
        """The job no longer waits."""
        entry.alive = False
        job, klass = entry.job, entry.klass
        del self.entries[job.id]
        klass.waiting -= 1
        if klass.crowding:
            rack = klass.options[0].rack
            rack.wanted -= 1
            if not rack.wanted and self.entries:
                self.touch(rack)
        if not klass.waiting:
            self.touched.pop(klass, None)
        line = klass.lines[job.org if self._by_org else ""]
        while line and not line[0][4].alive:
            heappop(line)
        if entry.late:
            klass.late.remove((entry.due, job.id, entry))
            self.late.remove((entry.due, job.id, entry))
            if not klass.late:
                del self.old[klass]
        turns, dues = self.turns, self.dues
        while turns and not turns[0][2].alive:
            turns.popleft()
        while dues and not dues[0][2].alive:
            heappop(dues)

    def tick(self, now: float) -> None:
        """Jobs whose due time has come are late from here on."""
        if now >= self.wake:
            self.review, self.wake = True, float("inf")
        turns, dues = self.turns, self.dues
        found = []
        while turns and turns[0][0] <= now:
            found.append(turns.popleft())
        while dues and dues[0][0] <= now:
            found.append(heappop(dues))
        for item in sorted(found):
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
        self.old[entry.klass] = None
        self.review = True
        self.wake = min(self.wake, entry.due + self.params.hard_after_s)

    def touch(self, rack: Rack) -> None:
        """Every class that may use this rack is worth a look."""
        for klass in rack.klasses:
            if klass.waiting:
                self.touched[klass] = None

    def freed(self, rack: Rack, free: float, extra: float) -> None:
        """Chips of the rack came free.

        free, extra : its free chips and its extra until then
        """
        now_free, touched, totals = rack.free, self.touched, rack.totals
        if not rack.loose or rack.owners or (rack.hold and rack.hold.need <= now_free):
            for klass in rack.klasses[: bisect_right(totals, now_free)]:
                if klass.waiting:
                    touched[klass] = None
            return
        for klass in rack.klasses[bisect_right(totals, free) : bisect_right(totals, now_free)]:
            if klass.waiting:
                touched[klass] = None
        if rack.extra > extra:
            for klass in rack.klasses[bisect_right(totals, extra) :]:
                if klass.total > now_free or klass.total > rack.extra:
                    break
                if klass.waiting:
                    touched[klass] = None

    def register(self, klass: Klass) -> None:
        """The class is known to its racks, in order of size."""
        for rack in dict.fromkeys(option.rack for option in klass.options):
            at = bisect_left(rack.totals, klass.total)
            rack.totals.insert(at, klass.total)
            rack.klasses.insert(at, klass)
