"""Decisions with proof: linear and integer programs, sequential linearisation, schedules."""

from __future__ import annotations

from qianhang.engines.optimise.assembly import Assembly, Term
from qianhang.engines.optimise.elastic import diagnose, irreducible
from qianhang.engines.optimise.linear import Program, Solution, solve
from qianhang.engines.optimise.schedule import JobShop, Timetable, dispatch, schedule
from qianhang.engines.optimise.sequential import Smooth, linearise, sequential
from qianhang.engines.optimise.started import solve_from

__all__ = [
    "Assembly",
    "JobShop",
    "Program",
    "Smooth",
    "Solution",
    "Term",
    "Timetable",
    "diagnose",
    "dispatch",
    "irreducible",
    "linearise",
    "schedule",
    "sequential",
    "solve",
    "solve_from",
]
