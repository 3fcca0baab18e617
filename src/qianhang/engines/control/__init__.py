"""Control over a simulator: episodes in a child process, controllers, and their search."""

from __future__ import annotations

from qianhang.engines.control.episode import Job, Policy, episodes, play
from qianhang.engines.control.mpc import LinearMPC
from qianhang.engines.control.pi import PI
from qianhang.engines.control.pressure import AllSignals, Pressure
from qianhang.engines.control.record import read_episode, write_episode
from qianhang.engines.control.roads import Roads, Signal, read_roads
from qianhang.engines.control.rule import EveryDays, StagedRule
from qianhang.engines.control.search import Found, Knob, search
from qianhang.engines.control.simulator import Action, Observation, Simulator
from qianhang.engines.control.sumo import ACTUATED, OWN, Traffic

__all__ = [
    "ACTUATED",
    "OWN",
    "PI",
    "Action",
    "AllSignals",
    "EveryDays",
    "Found",
    "Job",
    "Knob",
    "LinearMPC",
    "Observation",
    "Policy",
    "Pressure",
    "Roads",
    "Signal",
    "Simulator",
    "StagedRule",
    "Traffic",
    "episodes",
    "play",
    "read_episode",
    "read_roads",
    "search",
    "write_episode",
]
