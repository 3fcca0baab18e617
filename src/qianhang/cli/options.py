"""Options that several commands have, each the same wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from qianhang.core.words import say

__all__ = ["again_option", "json_option", "pool_option"]

Option: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

json_option: Option = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))


def again_option(words: str = "cli.run.again") -> Option:
    """--again, with its help by these words."""
    return click.option("--again", is_flag=True, help=say(words))


def pool_option(words: str = "cli.run.pool") -> Option:
    """--pool, this machine where none is named, with its help by these words."""
    return click.option("--pool", default="local", show_default=True, help=say(words))
