"""Who decides: one at a time, and a dead one gives way at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from qianhang.compute.door import lease

LASTS = timedelta(seconds=30)


def test_a_lease_is_held_until_it_ends_and_each_change_of_hands_is_a_new_epoch(store, now):
    assert lease.take(store, "one", now=now(), lasts=LASTS) == 1
    assert lease.take(store, "one", now=now(20), lasts=LASTS) == 1
    assert lease.take(store, "two", now=now(29), lasts=LASTS) is None
    assert lease.take(store, "two", now=now(2), lasts=LASTS) == 2
    lease.release(store, 1)
    assert lease.take(store, "one", now=now(1), lasts=LASTS) is None
    lease.release(store, 2)
    assert lease.take(store, "one", now=now(1), lasts=LASTS) == 3


def test_a_holder_whose_process_is_gone_gives_way_at_once_and_a_living_one_does_not(store, now):
    code = "from qianhang.compute.door.lease import holder; print(holder())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dead = said.stdout.strip()
    assert lease.take(store, dead, now=now(), lasts=LASTS) == 1
    mine, other = lease.holder(), lease.holder()
    assert lease.take(store, mine, now=now(1), lasts=LASTS) == 2
    assert lease.take(store, other, now=now(1), lasts=LASTS) is None
