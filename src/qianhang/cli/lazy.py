"""A group of commands that imports a command's module when the command is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from qianhang.core.words import say

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """Commands by name, each held by a module of qianhang.cli as <name>_command.

    modules : command -> module, in the order in which help shows them
    path : what stands before a command, "plan" for `qianhang plan read`; "" at the top
    """

    def __init__(
        self, *args: Any, modules: Mapping[str, str], path: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.modules, self.path = modules, path

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.modules)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in self.modules:
            return None
        module = importlib.import_module(f"qianhang.cli.{self.modules[name]}")
        command: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        key = ".".join(filter(None, ("cli", self.path, "{}", "help")))
        with formatter.section(say("cli.commands")):
            formatter.write_dl([(name, say(key.format(name))) for name in self.modules])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from qianhang.core.schema import nearest

        if args[0] not in self.modules:
            guess = nearest(args[0], self.modules)
            tail = say("cli.did_you_mean", name=guess) if guess else ""
            ctx.fail(say("cli.no_command", name=f"{self.path} {args[0]}".strip()) + tail)
        return super().resolve_command(ctx, args)
