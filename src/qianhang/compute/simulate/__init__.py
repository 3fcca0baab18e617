"""What would happen: logs of real machines, or asked jobs, through the policy on a virtual clock."""

from __future__ import annotations

from qianhang.compute.simulate.replay import Replay, Run, replay
from qianhang.compute.simulate.summary import Summary, summary
from qianhang.compute.simulate.trace import Traced, read

__all__ = ["Replay", "Run", "Summary", "Traced", "read", "replay", "summary"]
