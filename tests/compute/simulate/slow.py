"""An independent simulator: no classes, no heaps, no increments; every job looked at every time."""

from __future__ import annotations


def waits(jobs, chips, *, reserve_after):
    """Wait of each job on one pool of interchangeable chips.

    jobs : (id, submitted, chips, estimate, run); at each moment the job of the smallest area gets a
        reservation where it is past its age; then smallest area first
    """
    free, now, started, running, held = chips, 0.0, {}, [], None
    coming = sorted(jobs, key=lambda j: (j[1], j[0]))
    queue = []
    while coming or running:
        now = min([j[1] for j in coming[:1]] + [r[0] for r in running])
        for r in [r for r in running if r[0] <= now]:
            running.remove(r)
            free += r[2]
        while coming and coming[0][1] <= now:
            queue.append(coming.pop(0))
        while True:
            chosen, held = _next(queue, running, free, now, held, reserve_after)
            if chosen is None:
                break
            queue.remove(chosen)
            free -= chosen[2]
            started[chosen[0]] = now - chosen[1]
            running.append((now + chosen[4], now + chosen[3], chosen[2]))
            if held and held[0] is chosen:
                held = None
    return [started[j[0]] for j in jobs]


def _area(job):
    return (job[3] * job[2], job[1], job[0])


def _next(queue, running, free, now, held, reserve_after):
    if held is None or held[1] <= now:
        first = min(queue, key=_area, default=None)
        late = first is not None and first[1] + reserve_after <= now
        job = held[0] if held else (first if late else None)
        held = (job, _soonest(job, running, free, now)) if job else None
    if held and held[0][2] <= free:
        return held[0], held
    fits = []
    for job in queue:
        if job[2] > free:
            continue
        if held and now + job[3] > held[1]:
            extra = free + sum(r[2] for r in running if r[1] <= held[1]) - held[0][2]
            if job[2] > extra:
                continue
        fits.append(job)
    return (min(fits, key=_area) if fits else None), held


def _soonest(job, running, free, now):
    if free >= job[2]:
        return now + 1
    for end in sorted(r[1] for r in running):
        if free + sum(r[2] for r in running if r[1] <= end) >= job[2]:
            return end
    raise AssertionError("the job is larger than the pool")
