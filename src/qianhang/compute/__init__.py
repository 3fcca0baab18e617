"""Where work runs: a task, the drivers that take it, what it used."""

from __future__ import annotations

from qianhang.compute.driver import Driver, Probe, Status, follow
from qianhang.compute.drivers import driver
from qianhang.compute.drivers.local import LocalDriver
from qianhang.compute.task import Limits, Outcome, Task, Usage

__all__ = [
    "Driver",
    "Limits",
    "LocalDriver",
    "Outcome",
    "Probe",
    "Status",
    "Task",
    "Usage",
    "driver",
    "follow",
]
