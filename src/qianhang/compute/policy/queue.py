"""What waits, by class: same shape, same pools, same rules; so only heads need a look."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

from qianhang.compute.job import Job
from qianhang.compute.policy.entry import Entry, Head, Klass, Reach
from qianhang.compute.policy.option import Option
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.rack import Rack

__all__ = ["Queue"]

_NEVER = float("inf")


class Queue:
    """A ledger of what waits. Decisions read it; `add`, `remove`, `tick`, `freed` change it.

    touched : classes of which a job may be able to start -> on which options; every other has been
        tried in vain
    reaches : the racks of a class -> classes of the same racks
    dues, turns : jobs by due time, those that came in its order apart from the others
    old : classes that hold jobs past their due time
    review : whether one of them may want a reservation; wake : when the next may
    again : when the next job that stands back may have done so long enough, s
    asks : nothing in the queue can want one earlier, s, unless review says so
    """

    def __init__(self, params: Params) -> None:
        self.params = params
        self.entries: dict[str, Entry] = {}
        self.classes: dict[object, Klass] = {}
        self.touched: dict[Klass, Sequence[Option]] = {}
        self.reaches: dict[tuple[Rack, ...], Reach] = {}
        self.dues: list[tuple[float, str, Entry]] = []
        self.turns: deque[tuple[float, str, Entry]] = deque()
        self.review = False
        self.wake, self.asks = float("inf"), 0.0
        self.old: dict[Klass, None] = {}
        self._by_org = bool(params.share_step)
        self._plain = params.area_power == 1.0
        self._age = params.reserve_after_s
        self.again = _NEVER

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, job: Job, klass: Klass, estimate: float) -> Entry:
        """The job's entry: it waits from now on.

        estimate : run time that order and backfill go by, s
        """
        submitted, name = job.submitted, job.id
        area = estimate * klass.weight
        if not self._plain:
            area **= self.params.area_power
        ripe = submitted + self._age + klass.patience * estimate
        due = min(ripe, submitted + klass.hard_s)
        if job.max_wait_s is not None or job.deadline is not None:
            own = self._own(job, estimate)
            due, ripe = (own, 0.0) if own < due else (due, ripe)
            self.asks = 0.0
        entry = Entry(job, klass, estimate, due)
        entry.ripe = ripe
        self.entries[name] = entry
        org = job.org if self._by_org else ""
        line = klass.lines.get(org)
        if line is None:
            line = klass.lines[org] = []
        item = (job.tier, area, submitted, name, entry)
        heappush(line, item)
        turns = self.turns
        if not turns or turns[-1][0] <= due:
            turns.append((due, name, entry))
        else:
            heappush(self.dues, (due, name, entry))
        if not klass.waiting:
            klass.reach.waiting[klass] = None
        klass.waiting += 1
        if klass.crowding:
            rack = klass.options[0].rack
            rack.want(1, submitted, self.params.courtesy_s)
            rack.own(estimate * klass.total, submitted)
        first = line[0] is item
        if first:
            klass.stale = True
            klass.reach.meet(item)
        total = klass.total
        for option in klass.options:
            if option.rack.free >= total or klass.part or option.rack.owners:
                if first:
                    self.touched[klass] = klass.options
                else:
                    self.touched.setdefault(klass, ())
                break
        return entry

    def _own(self, job: Job, estimate: float) -> float:
        params, due = self.params, float("inf")
        if job.max_wait_s is not None:
            due = job.submitted + job.max_wait_s
        if job.deadline is not None:
            due = min(due, job.deadline - estimate * params.margin - params.deadline_lead_s)
        return due

    def remove(self, entry: Entry, now: float) -> None:
        """The job no longer waits."""
        entry.alive = False
        job, klass = entry.job, entry.klass
        del self.entries[job.id]
        klass.waiting -= 1
        if klass.crowding:
            rack = klass.options[0].rack
            rack.want(-1, now, self.params.courtesy_s)
            if not rack.wanted and self.entries:
                self.touch(rack)
        if not klass.waiting:
            del klass.reach.waiting[klass]
            self.touched.pop(klass, None)
        line = klass.lines[job.org if self._by_org else ""]
        if line[0][4] is entry:
            self._next(line, klass)
        if entry.late:
            klass.stale = True
            del klass.late[bisect_left(klass.late, (entry.due, job.id))]
            if not klass.late:
                del self.old[klass]
        turns, dues = self.turns, self.dues
        while turns and not turns[0][2].alive:
            turns.popleft()
        while dues and not dues[0][2].alive:
            heappop(dues)

    def _next(self, line: list[Head], klass: Klass) -> None:
        """The line without its first, whose next has been tried nowhere if it is the shorter."""
        head = heappop(line)
        while line and not line[0][4].alive:
            heappop(line)
        klass.stale = True
        if head is klass.reach.first:
            klass.reach.stale = True
        if line and klass in self.touched:
            gone, entry = head[4], line[0][4]
            if entry.estimate < gone.estimate or entry.job.estimate_s < gone.job.estimate_s:
                self.touched[klass] = klass.options

    def tick(self, now: float) -> None:
        """Jobs whose due time has come are late from here on."""
        if now >= self.again:
            self.again = _NEVER
            for reach in self.reaches.values():
                if len(reach.racks) > 1:
                    self.touched.update((klass, klass.options) for klass in reach.waiting)
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
            entry.due, entry.ripe = now, 0.0
            self._late((now, job, entry))

    def _late(self, item: tuple[float, str, Entry]) -> None:
        entry = item[2]
        klass = entry.klass
        entry.late = klass.stale = True
        insort(klass.late, item)
        self.touched.setdefault(klass, ())
        self.old[klass] = None
        self.review = True
        self.wake = min(self.wake, entry.job.submitted + klass.hard_s)

    def touch(self, rack: Rack) -> None:
        """Every class that may use this rack is worth a look."""
        self._offer(rack, rack.klasses)

    def _offer(self, rack: Rack, klasses: Sequence[Klass], *, above: int = 0) -> None:
        """Those of more chips a node, or of several nodes, are worth a look on this rack, too."""
        touched = self.touched
        for klass in klasses:
            if klass.waiting and (klass.chips > above or klass.replicas > 1):
                way, had = klass.ways[rack], touched.get(klass)
                touched[klass] = way if not had or had is way else klass.options

    def freed(self, rack: Rack, free: float, extra: float, top: int) -> None:
        """Chips of the rack came free.

        free, extra, top : its free chips, its extra, the most on one node until then
        """
        now_free, totals = rack.free, rack.totals
        upto = bisect_right(totals, now_free)
        if rack.owners or (rack.hold and (not rack.loose or rack.hold.need <= now_free)):
            free, extra = -1, _NEVER
        elif not rack.loose:
            self._offer(rack, rack.klasses[:upto], above=top)
            return
        if upto and totals[upto - 1] > free:
            self._offer(rack, rack.klasses[bisect_right(totals, free) : upto])
        if rack.extra > extra:
            most = min(now_free, rack.extra)
            upto = bisect_right(totals, most)
            self._offer(rack, rack.klasses[bisect_right(totals, extra) : upto])

    def reach(self, options: tuple[Option, ...]) -> Reach:
        """The classes of just these racks."""
        racks = tuple(option.rack for option in options)
        found = self.reaches.get(racks)
        if found is None:
            found = self.reaches[racks] = Reach(racks)
            for rack in racks:
                rack.reaches.append(found)
        return found

    def register(self, klass: Klass) -> None:
        """The class is known to its racks, in order of size."""
        for rack in klass.ways:
            at = bisect_left(rack.totals, klass.total)
            rack.totals.insert(at, klass.total)
            rack.klasses.insert(at, klass)
