"""The command line: one module a command group, loaded when it is called."""

from __future__ import annotations

import os
import sys

import click

from qianhang import __version__
from qianhang.cli.lazy import LazyGroup
from qianhang.core.errors import QianhangError
from qianhang.core.words import say

__all__ = ["main"]

# command -> module that holds it, in the order in which help shows them
_COMMANDS = {
    "list": "catalogue",
    "run": "run",
    "sweep": "sweep",
    "runs": "runs",
    "show": "runs",
    "compare": "runs",
    "report": "report",
    "predict": "predict",
    "score": "score",
    "pack": "pack",
    "dataset": "dataset",
    "plan": "plan",
    "map": "map",
    "bill": "bill",
    "voucher": "voucher",
    "compute": "compute",
    "serve": "serve",
    "account": "account",
    "verify": "verify",
    "backup": "backup",
    "restore": "backup",
    "demo": "demo",
}


_HELP = {"help_option_names": ["-h", "--help"]}


def _app() -> click.Command:
    """The command group, built once the language of its help is known."""

    @click.command(cls=LazyGroup, modules=_COMMANDS, help=say("cli.help"), context_settings=_HELP)
    @click.version_option(__version__, prog_name="qianhang")
    @click.option("--lang", type=click.Choice(["zh", "en"]), help=say("cli.lang"))
    def app(lang: str | None) -> None:
        if lang:
            os.environ["QIANHANG_LANG"] = lang

    return app


def main() -> None:
    """The `qianhang` command: named errors become one clear line and exit code 1."""
    if "--lang" in sys.argv[:-1]:
        # Help texts are looked up before click reads the option.
        os.environ["QIANHANG_LANG"] = sys.argv[sys.argv.index("--lang") + 1]
    try:
        sys.exit(_app()(standalone_mode=False))
    except QianhangError as cause:
        click.echo(click.style(cause.code, fg="red", bold=True) + f" {cause.message}", err=True)
        if cause.hint:
            click.echo(f"   → {cause.hint}", err=True)
        sys.exit(1)
    except click.ClickException as cause:
        cause.show()
        sys.exit(cause.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo(say("cli.interrupted"), err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader left, so nothing is to be said; the interpreter must not flush into the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
