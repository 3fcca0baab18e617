"""`qianhang compute`: the compute network, its pools, its policy and what would happen."""

from __future__ import annotations

import click

from qianhang.cli.lazy import LazyGroup
from qianhang.core.words import say

__all__ = ["compute_command"]

# subcommand -> module that holds it as <name>_command, in the order in which help shows them
_SUBCOMMANDS = {
    "pool": "compute_plant",
    "pools": "compute_plant",
    "quote": "compute_quote",
    "submit": "compute_door",
    "ps": "compute_door",
    "why": "compute_door",
    "cancel": "compute_door",
    "log": "compute_door",
    "wait": "compute_door",
    "quota": "compute_plant",
    "application": "compute_application",
    "artefact": "compute_artefact",
    "supervise": "compute_plant",
    "pue": "compute_green",
    "link": "compute_green",
    "capacity": "compute_green",
    "inventory": "compute_green",
    "utilisation": "compute_green",
    "evidence": "compute_green",
    "replay": "compute_replay",
    "simulate": "compute_simulate",
    "whatif": "compute_whatif",
}


@click.command(
    name="compute", cls=LazyGroup, modules=_SUBCOMMANDS, path="compute",
    help=say("cli.compute.help"),
)  # fmt: skip
def compute_command() -> None:
    pass
