"""What runs and what is free, pool by pool: the ledger that decisions read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import floor, log

from qianhang.compute.flavour import flavours
from qianhang.compute.job import Job
from qianhang.compute.network import Health, Network
from qianhang.compute.policy.decision import (
    Decision,
    Preempt,
    Refusal,
    Refuse,
    Reserve,
    Start,
)
from qianhang.compute.policy.entry import Entry, Klass
from qianhang.compute.policy.option import Prices, World, options, refused
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.rack import Hold, Rack

__all__ = ["View"]

_NEVER = float("inf")


class View:
    """A ledger of pools. Decisions read it; `start`, `end`, `reserve`, `health` change it.

    holds : pool -> the rack on which it keeps room for one job; open : racks up of other pools
    renew : when the next of these reservations is to be worked out anew, s
    lent, owned : pool -> chips that borrowers, and that its owners, hold
    quiet : pool -> until when it makes no reservation for hard age
    used : organisation -> decayed chip-seconds, in units that grow with time
    """

    def __init__(
        self, network: Network, params: Params, *, prices: Prices | None = None, now: float = 0.0
    ) -> None:
        self.network, self.params, self.began = network, params, now
        links = {frozenset((line.a, line.b)): line for line in network.links}
        self.world = World(flavours(), links, prices or Prices({}, {}))
        self.racks = [
            Rack(pool, stock, index)
            for pool in network.pools
            for index, stock in enumerate(pool.stock)
        ]
        self.rack = {(rack.pool.id, rack.index): rack for rack in self.racks}
        self.running: dict[tuple[str, int], Entry] = {}
        self.holds: dict[str, Rack] = {}
        self.open: list[Rack] = []
        self.renew = _NEVER
        self.lent: dict[str, int] = {pool.id: 0 for pool in network.pools}
        self.owned: dict[str, int] = {pool.id: 0 for pool in network.pools}
        self.quiet: dict[str, float] = {}
        self.used: dict[str, float] = {}
        self.steps: dict[str, int] = {}
        self._shares = bool(params.share_step)
        self.lends = any(pool.lending.owners for pool in network.pools)
        self._by_org = self.lends or bool(self.world.prices.voucher)
        self.crowded = False
        self._sort_out()

    # what a job may do here

    def klass(self, job: Job, queue: Queue) -> Klass:
        """The class of jobs like this one, known to the queue from now on."""
        want = job.want
        if self._shares:
            self.used.setdefault(job.org, 0.0)
        key = (
            want.chips, want.replicas, want.gang, want.flavours, job.pools, job.grade,
            job.price_cap_fen, job.data, job.task_kind, job.home,
            job.org if self._by_org else "",
        )  # fmt: skip
        found = queue.classes.get(key)
        if found is None:
            ways = options(job, self.racks, world=self.world, params=self.params)
            reach, alone = queue.reach(ways), len(self.racks) == 1
            found = queue.classes[key] = Klass(job, ways, self.params, reach=reach, alone=alone)
            queue.register(found)
            self.crowded = self.crowded or found.crowding
        return found

    def admit(self, job: Job, queue: Queue, *, estimate: float = 0.0) -> Refuse | None:
        """None where the job waits from now on; else why no pool will ever take it.

        estimate : predicted run time, s; 0: as the job says
        """
        klass = self.klass(job, queue)
        if not klass.options:
            return Refuse(job.id, self.refusals(job))
        queue.add(job, klass, estimate or job.estimate_s)
        return None

    def refusals(self, job: Job) -> tuple[Refusal, ...]:
        """Why each rack that will never take the job does not."""
        found = (refused(job, rack, self.world) for rack in self.racks)
        return tuple(one for one in found if one)

    def cheaper_later(self, job: Job) -> bool:
        """Whether a rack would take the job at its cheapest hour, which is not now."""
        prices = self.world.prices
        if job.price_cap_fen is None or not prices.least:
            return False
        then = replace(self.world, prices=replace(prices, chip_hour=prices.least))
        return any(refused(job, rack, then) is None for rack in self.racks)

    # what happens

    def carry_out(self, decision: Decision, queue: Queue, now: float) -> None:
        """The decision, written into both ledgers."""
        if isinstance(decision, Start):
            self.start(decision, queue, now)
        elif isinstance(decision, Reserve):
            self.reserve(decision, queue, now)
        elif isinstance(decision, Preempt):
            run = self.running[decision.job, decision.part]
            run.option.rack.ends.ranked = None
            run.leaving, run.end = decision.by, min(run.end, decision.by)
            queue.hasten(decision.owner, now)

    def start(self, decision: Start, queue: Queue, now: float) -> Entry:
        """The job runs from now on, and waits no longer."""
        entry = queue.entries[decision.job]
        klass = entry.klass
        if entry.kept is not None:
            self._served(decision.option.rack, entry, decision.run_s, queue, now)
        reviewed = queue.review or not queue.old
        run = entry if entry.parts == 1 else entry.replica()
        self._place(run, decision, now)
        if klass.pinned and klass.total > run.option.rack.free and not (klass.part or self.lends):
            queue.touched.pop(klass, None)
        entry.left -= 1
        if not entry.left:
            queue.remove(entry, now)
        if not reviewed:
            if queue.asks > now:
                asks = self._asks(klass) if klass.late else _NEVER
                if klass.reach.stale:
                    asks = min(asks, self._ripens(klass.reach.racks))
                queue.asks = min(queue.asks, asks)
            queue.review = queue.asks <= now
        return run

    def start_at_once(self, decision: Start, entry: Entry, queue: Queue, now: float) -> None:
        """The job runs from now on and never waited: see `at_once`."""
        klass = entry.klass
        if klass.crowding:
            decision.option.rack.own(entry.estimate * klass.total, entry.job.submitted)
        self._place(entry, decision, now)
        if queue.old:
            queue.review = queue.asks <= now

    def _place(self, run: Entry, decision: Start, now: float) -> None:
        name, option, run_s, _, _, part = decision
        rack, klass = option.rack, run.klass
        run.option, run.since = option, now
        run.end = end = now + option.data_s + run_s
        hold = rack.hold
        short = hold is None or end <= hold.at
        if rack.loose and not klass.part:
            rack.free -= klass.total
            if not short:
                rack.extra -= klass.total
        elif klass.part:
            run.shares = rack.take_parts(klass.part, klass.replicas, short=short)
        elif klass.replicas == 1 and hold is None:
            run.nodes = rack.take_one(klass.chips)
        else:
            run.nodes = rack.take(klass.chips, klass.replicas, short=short)
        rack.runs[run] = None
        if rack.ends.ranked is not None:
            rack.ends.add(run)
        self.running[name, part] = run
        if self.lends or self._shares:
            self._account(run, run_s * klass.total, now=now, sign=1)

    def _asks(self, klass: Klass) -> float:
        """From when on one of the class may want a reservation for its age, at soonest."""
        if not any(option.rack.open for option in klass.options):
            return _NEVER
        if klass.stale:
            klass.renew()
        if klass.crowding and klass.asks:
            return max(klass.asks, self.quiet.get(klass.options[0].rack.pool.id, 0.0))
        return klass.asks

    def _ripens(self, racks: Iterable[Rack]) -> float:
        """From when on the first of one of these racks, if open, may have a reservation as such."""
        least = _NEVER
        for rack in racks:
            if rack.open:
                head = rack.first()
                if head is not None and head[4].ripe < least:
                    least = head[4].ripe
        return least

    def rest(self, queue: Queue, now: float) -> None:
        """Nothing more can be done until something changes."""
        if self.crowded:
            heads = (
                line[0][4]
                for klass in queue.touched
                if len(klass.options) > 1
                for line in klass.lines.values()
                if line
            )
            times = (entry.back for entry in heads if entry.back > now)
            queue.again = min(queue.again, min(times, default=_NEVER))
        queue.touched.clear()
        if queue.review:
            queue.review = False
            asks = min(map(self._asks, queue.old), default=_NEVER)
            queue.asks = min(asks, self._ripens(self.open))

    def end(self, run: Entry, queue: Queue, now: float) -> None:
        """The job has left its place."""
        del self.running[run.job.id, run.number]
        rack, klass = run.option.rack, run.klass
        del rack.runs[run]
        if rack.ends.ranked is not None:
            rack.ends.remove(run)
        free, extra, top, hold = rack.free, rack.extra, rack.top, rack.hold
        if rack.loose and not klass.part:
            rack.free = free + klass.total
        elif klass.part:
            rack.give_parts(klass.part, run.shares)
        else:
            rack.give(klass.chips, klass.replicas, run.nodes, run.end)
        if hold is not None and rack.loose and run.end > hold.at:
            rack.extra += klass.total
        if self.lends or self._shares:
            self._account(run, (now - run.end) * klass.total, now=now, sign=-1)
        if klass.part:
            queue.touch(rack)
        elif queue.entries:
            queue.freed(rack, free, extra, top)

    def _account(self, run: Entry, chip_s: float, *, now: float, sign: int) -> None:
        rack, org = run.option.rack, run.job.org
        if rack.owners:
            run.lent = org not in rack.owners
            book = self.lent if run.lent else self.owned
            book[rack.pool.id] += sign * run.klass.total
        if self._shares:
            grown = 2.0 ** ((now - self.began) / self.params.half_life_s)
            self.used[org] = self.used.get(org, 0.0) + chip_s * grown
            self.steps = _steps(self.used, self.network.shares, self.params.share_step)

    def reserve(self, decision: Reserve, queue: Queue, now: float) -> None:
        """The pool keeps room for the job, in the place of what it kept before."""
        rack = self.rack[decision.pool, decision.rack]
        entry = queue.entries[decision.job]
        again = entry.kept is rack
        if again:
            queue.review = queue.review or queue.asks <= now
        else:
            self.let_go(decision.job, queue)
        rack.ends.foresee(now, self.params.overrun)
        klass = entry.klass
        hold = Hold(decision.job, decision.at, need=klass.total, nodes=decision.nodes)
        hold.made, hold.hard, hold.needs = now, decision.hard, decision.needs
        hold.strict = decision.strict
        rack.keep(hold)
        self.holds.pop(decision.pool, None)
        self.holds[decision.pool] = rack
        queue.touch(rack)
        if not again:
            entry.kept, klass.stale = rack, True
            klass.kept += 1
            self._sort_out()
            queue.touched[klass] = klass.ranked
        self._due_again()

    def release_hold(self, rack: Rack, queue: Queue) -> None:
        """The pool keeps room for nobody."""
        entry = queue.entries[rack.hold.job] if rack.hold else None
        if entry is not None:
            entry.kept, entry.klass.stale = None, True
            entry.klass.kept -= 1
        rack.drop()
        self.holds.pop(rack.pool.id, None)
        self._sort_out()
        self._due_again()
        queue.touch(rack)
        queue.review = True

    def _sort_out(self) -> None:
        """Which racks may keep room for another job."""
        for rack in self.racks:
            rack.open = rack.up and rack.pool.id not in self.holds
        self.open = [rack for rack in self.racks if rack.open]

    def _due_again(self) -> None:
        """When the next of the reservations is to be worked out anew."""
        least, renew_s = _NEVER, self.params.renew_s
        for rack in self.holds.values():
            hold = rack.hold
            if hold is not None:
                least = min(least, hold.at, hold.made + renew_s)
        self.renew = least

    def _served(self, rack: Rack, entry: Entry, run_s: float, queue: Queue, now: float) -> None:
        hold, name = rack.hold, entry.job.id
        if hold and hold.hard and hold.job == name and entry.klass.crowding:
            share = self.params.late_share * rack.pool.chips
            quiet = max(now, self.quiet.get(rack.pool.id, 0.0))
            until = quiet + run_s * entry.klass.total / share if share else float("inf")
            self.quiet[rack.pool.id] = until
            queue.wake = min(queue.wake, until)
        self.let_go(name, queue)

    def let_go(self, job: str, queue: Queue) -> None:
        """Nothing is kept for the job."""
        rack = queue.entries[job].kept
        if rack is not None:
            self.release_hold(rack, queue)

    def cancel(self, job: str, queue: Queue) -> None:
        """The job waits no longer, and nothing is kept for it."""
        self.let_go(job, queue)
        queue.remove(queue.entries[job], 0.0)
        queue.asks = 0.0

    def health(self, pool: str, state: Health, queue: Queue) -> None:
        """The pool takes jobs only while it is up."""
        for rack in self.racks:
            if rack.pool.id == pool:
                rack.up = state == "up"
                if rack.hold:
                    self.release_hold(rack, queue)
                queue.touch(rack)
                queue.review = True
        self._sort_out()


def _steps(used: Mapping[str, float], shares: Mapping[str, float], step: float) -> dict[str, int]:
    """Organisation -> steps back: how many times `step` its use is over its share, as a power."""
    total = sum(used.values())
    weight = sum(shares.get(org, 1.0) for org in used)
    found = {}
    for org, chip_s in used.items():
        ratio = chip_s * weight / (total * shares.get(org, 1.0)) if total > 0 else 0.0
        found[org] = max(0, floor(log(ratio, step))) if ratio > 1.0 else 0
    return found
