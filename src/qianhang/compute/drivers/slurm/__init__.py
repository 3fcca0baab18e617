"""A Slurm cluster as a pool, asked through its commands or through slurmrestd."""

from __future__ import annotations

from qianhang.compute.drivers.slurm.driver import SlurmDriver
from qianhang.compute.drivers.slurm.settings import SlurmSettings

__all__ = ["SlurmDriver", "SlurmSettings"]
