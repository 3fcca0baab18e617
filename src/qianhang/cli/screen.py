"""What a run looks like on a terminal, and in a log file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from qianhang.core.words import has, language, say
from qianhang.runs.steps import Event

__all__ = ["Steps", "console", "metric", "number", "scores"]


def console(*, stderr: bool = False) -> Console:
    """The terminal at its own width, or a file at a width that cuts nothing off."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=160)


class Steps:
    """A listener that draws one line a step: live on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = 0.0
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> Steps:
        if self._console.is_terminal:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                console=self._console,
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Show one event; what the job prints stays in its log."""
        if event.state == "log":
            return
        name = say(f"step.{event.step}")
        if event.state == "start":
            self._started = time.monotonic()
            if self._bar:
                self._clear()
                self._task = self._bar.add_task(name, total=None, note="")
        elif event.state == "progress" and self._bar and self._task is not None:
            self._bar.update(self._task, completed=event.done, total=event.total, note=event.note)
        elif event.state == "end":
            self._clear()
            took = time.monotonic() - self._started
            facts = _facts(event.facts)
            self._console.print(f"[green]✓[/green] {name}  [dim]{took:.1f} s  {facts}[/dim]")

    def _clear(self) -> None:
        if self._bar and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None


def _facts(facts: Mapping[str, Any]) -> str:
    parts = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            parts += [f"{k} {v:,}" if isinstance(v, int) else f"{k} {v}" for k, v in value.items()]
        elif isinstance(value, list):
            parts += [str(v) for v in value]
        else:
            parts.append(f"{name} {value}")
    return ", ".join(parts).replace("[", "\\[")


def number(value: float | None, unit: str = "") -> str:
    """A figure as people read it: thousands separated, four significant digits, its unit."""
    if value is None:
        return "—"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{text} {unit}".strip() if unit != "1" else text


def metric(name: str) -> str:
    """The metric's name in the reader's language, or as the engines call it."""
    return say(f"metric.{name}") if has(f"metric.{name}") else name


def scores(record: Mapping[str, Any], manifest: Any) -> Table:
    """One run's figures: ours beside trivial, practitioner's, published, and the bar."""
    lang = language()
    table = Table(title=f"{record['scenario']}  {record['title'][lang]}", title_justify="left")
    for column in ("metric", "ours", "trivial", "practice", "published", "bar", "verdict"):
        table.add_column(say(f"word.{column}"), justify="left" if column == "metric" else "right")
    headline = manifest.headline if manifest else None
    if headline and record.get("headline") is not None:
        value = number(record["headline"], headline.unit)
        table.add_row(f"[bold]{getattr(headline.title, lang)}[/bold]", f"[bold]{value}[/bold]")
    for bar in record["bars"]:
        published = bar["published"]
        table.add_row(
            metric(bar["metric"]),
            number(bar["value"], bar["unit"]),
            number(record["trivial"].get(bar["metric"]), bar["unit"]),
            number(record["practice"].get(bar["metric"]), bar["unit"]),
            number(published["value"], bar["unit"]) if published else "—",
            _limits(bar),
            f"[green]{say('verdict.met')}[/green]"
            if bar["met"]
            else f"[red]{say('verdict.unmet')}[/red]",
        )
    return table


def _limits(bar: Mapping[str, Any]) -> str:
    low, high = bar["at_least"], bar["at_most"]
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}"
