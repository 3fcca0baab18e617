"""What would happen: logs of jobs through the policy on a virtual clock."""

from __future__ import annotations

from qianhang.compute.simulate.replay import Replay, Run, replay
from qianhang.compute.simulate.summary import Summary, summary
from qianhang.compute.simulate.trace import Slice, Traced, cut, read

__all__ = ["Replay", "Run", "Slice", "Summary", "Traced", "cut", "read", "replay", "summary"]
