"""`qianhang plan review`: each draft beside its sentence, confirmed, edited or rejected."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import amount, item_row
from qianhang.core.errors import UsageError
from qianhang.core.words import LANGUAGES, has, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from qianhang.plan.items import Item, Plan
    from qianhang.store import Store

__all__ = ["review_command", "sentence"]

_ENDS = re.compile(r"[。；！？\n]")
_MOST_CHARS = 240
_KEYS = ("y", "e", "n", "s", "q")
# Signs as the screen prints them, and the marks that part a name from its value.
_SIGNS = {"≥": ">=", "≤": "<=", "≈": "~", "＞": ">", "＜": "<"}
_MARK = re.compile(r"[=＝：:]")
_CODES = ("build", "existing", "printed", "inherited", "manual")


@click.command(name="review", help=say("cli.plan.review.help"))
@click.argument("plan")
@click.option("--by", default="", help=say("cli.plan.by"))
@click.option("--confirm-all", is_flag=True, help=say("cli.plan.review.confirm_all"))
@click.option("--kind", "kinds", multiple=True, help=say("cli.plan.kind_option"))
@json_option
def review_command(
    plan: str, *, by: str, confirm_all: bool, kinds: tuple[str, ...], as_json: bool
) -> None:
    from qianhang.plan.items import find_plan, items
    from qianhang.runs import open_store
    from qianhang.store import Settings

    with open_store(Settings.load()) as store:
        found = find_plan(store, plan)
        if confirm_all:
            _confirm_all(store, found, by, kinds=kinds, as_json=as_json)
            return
        if as_json:
            drafts = items(store, found, states=("draft",))
            tell([item_row(i) for i in drafts if not kinds or i.kind in kinds])
            return
        _Desk(store, found, by or click.prompt(say("cli.plan.by"))).go(kinds)


def _confirm_all(
    store: Store, plan: Plan, by: str, *, kinds: tuple[str, ...], as_json: bool
) -> None:
    """Confirm every draft and every suggested rule; what a model proposed waits for a look."""
    from qianhang.plan import review, rules
    from qianhang.plan.items import items

    now = datetime.now(UTC)
    count = review.confirm_all(store, plan, by=by, at=now, kinds=kinds)
    ruled = 0 if kinds else rules.confirm_rules(store, plan, by=by, at=now)
    left = sum(i.pending and (not kinds or i.kind in kinds) for i in items(store, plan))
    if as_json:
        tell({"plan": plan.ref, "confirmed": count, "rules": ruled, "pending": left, "by": by})
        return
    click.echo(say("cli.plan.review.done", count=count, rules=ruled, ref=plan.ref))
    if left:
        click.echo(say("cli.plan.review.pending", count=left, ref=plan.ref))


class _Desk:
    """One person going through the drafts of one plan."""

    def __init__(self, store: Store, plan: Plan, by: str) -> None:
        from qianhang.cli.screen import console
        from qianhang.plan.items import text_of_plan

        self.store, self.plan, self.by = store, plan, by
        self.screen: Console = console()
        self.text = text_of_plan(store, plan)

    def go(self, kinds: tuple[str, ...]) -> None:
        """Show every draft until the last, or until q."""
        from qianhang.plan.items import items

        drafts = items(self.store, self.plan, states=("draft",))
        wanted = [i for i in drafts if not kinds or i.kind in kinds]
        # Targets first: figures rest on them.
        wanted.sort(key=lambda i: i.kind != "target")
        done, last = 0, "left"
        for number, item in enumerate(wanted, start=1):
            self.screen.rule(f"{number}/{len(wanted)}  {item.ref}", align="left")
            try:
                key = self.one(item)
            except (click.Abort, KeyboardInterrupt, EOFError):
                self.screen.print()
                last = "ended"
                break
            if key == "q":
                break
            done += key != "s"
        left = len(wanted) - done
        self.screen.print(say(f"cli.plan.review.{last}", count=done, left=left, ref=self.plan.ref))

    def one(self, item: Item) -> str:
        """The key that settled the item; one that somebody else changed is shown once more."""
        self.show(item)
        key = _key()
        try:
            while not self.carry_out(key, item):
                self.screen.print(say("cli.plan.review.unchanged"))
                key = _key()
        except UsageError as cause:
            self.screen.print(str(cause), style="red", markup=False)
            from qianhang.plan.items import find_item

            again = find_item(self.store, item.ref)
            return self.one(again) if again.state == "draft" else "s"
        return key

    def carry_out(self, key: str, item: Item) -> bool:
        """Do what the key asks for; False where it turned out to be nothing."""
        from qianhang.plan import review, rules

        now = datetime.now(UTC)
        if key == "y":
            review.confirm(self.store, item, by=self.by, at=now)
        elif key == "e":
            values = self.values(item)
            if not values:
                return False
            review.edit(self.store, item, values, by=self.by, at=now)
        elif key == "n":
            why = click.prompt(say("cli.plan.review.why"), default="", show_default=False)
            review.reject(self.store, item, by=self.by, at=now, why=why)
        if key in ("y", "e") and item.kind == "target":
            rules.confirm_rules(self.store, self.plan, by=self.by, at=now, codes=[item.code])
        return True

    def values(self, item: Item) -> dict[str, Any]:
        """What is typed as name=value, until an empty line; a name may be the printed label."""
        found: dict[str, Any] = {}
        while True:
            line = click.prompt(say("cli.plan.review.edit"), default="", show_default=False)
            if not line.strip():
                return found
            mark = _MARK.search(line)
            if not mark:
                self.screen.print(say("cli.plan.review.form"), style="red")
                continue
            name = _field(item, line[: mark.start()].strip())
            try:
                found[name] = _typed(item, name, line[mark.end() :].strip())
            except ValueError:
                self.screen.print(say("cli.plan.review.form"), style="red")

    def show(self, item: Item) -> None:
        """The fields of an item, and the sentence that they come from."""
        from qianhang.plan.rules import rules_of

        kind = say(f"cli.plan.kind_{item.kind}")
        self.screen.print(f"{kind}  {item.section}  {item.name}", style="bold", markup=False)
        if item.proposed:
            source = {name: item.read[name] for name in ("model", "endpoint", "asked")}
            line = say("cli.plan.review.proposed", **source)
            self.screen.print(line, style="yellow", markup=False, highlight=False)
        if item.kind == "target":
            self.screen.print(amount(item.values), markup=False)
        for name, value in item.values.items():
            if name != "also" and value not in ("", None, False) and not _empty(value):
                label = say(f"cli.plan.field_{name}")
                self.screen.print(f"  {label}{say('word.colon')}{_shown(value)}", markup=False)
        if item.kind == "target":
            rule = rules_of(self.store, self.plan).get(item.code)
            if rule:
                told = json.dumps(rule.to_dict(), ensure_ascii=False)
                line = f"  {say('cli.plan.rule_word')}{say('word.colon')}{told}"
                self.screen.print(line, markup=False, highlight=False)
        self.screen.print(sentence(self.text, item))


def sentence(text: str, item: Item) -> Text:
    """The sentence that an item stands in, the item's own words marked."""
    from rich.text import Text

    if item.start < 0:
        return Text("")
    before = [m.end() for m in _ENDS.finditer(text, max(0, item.start - _MOST_CHARS), item.start)]
    start = before[-1] if before else max(0, item.start - _MOST_CHARS)
    stop = min(item.end, item.start + _MOST_CHARS)
    after = _ENDS.search(text, stop, min(len(text), stop + _MOST_CHARS))
    end = after.end() if after else min(len(text), stop + _MOST_CHARS)
    shown = Text(text[start : item.start].lstrip(), style="dim")
    shown.append(text[item.start : stop], style="bold reverse")
    shown.append(text[stop:end].rstrip(), style="dim")
    return shown


def _key() -> str:
    """One of the five keys; a terminal needs no Enter."""
    while True:
        if sys.stdin.isatty():
            click.echo(say("cli.plan.review.keys") + " ", nl=False)
            key = click.getchar().lower()
            click.echo(key)
        else:
            key = click.prompt(say("cli.plan.review.keys")).strip().lower()
        if key in _KEYS:
            return str(key)


def _field(item: Item, typed: str) -> str:
    """The field that a typed name means: its own name, or its label in either language."""
    fields = ("section", *item.values)
    if typed in fields:
        return typed
    low = typed.casefold()
    labels = ((f, say(f"cli.plan.field_{f}", lang=g)) for f in fields for g in LANGUAGES)
    return next((field for field, label in labels if label.casefold() == low), typed)


def _typed(item: Item, name: str, text: str) -> Any:
    """Typed text as the value it stands for; the review checks it.

    Raises ValueError for units that begin as JSON and are none.
    """
    known = item.values.get(name)
    if isinstance(known, Mapping):
        return _units(text)
    if isinstance(known, bool):
        return text.lower() in ("1", "true", "yes", "y", "是")
    if name == "comparator":
        return _SIGNS.get(text, text)
    if isinstance(known, str) and known in _CODES:
        words = ((c, say(f"cli.plan.value_{c}", lang=g)) for c in _CODES for g in LANGUAGES)
        return next((code for code, word in words if word == text), text)
    return None if text in ("", "-") and not isinstance(known, str) else text


def _units(text: str) -> dict[str, list[str]]:
    """Units by role as the screen shows them, or names side by side, all of them responsible."""
    if not text.startswith("{"):
        return {"responsible": [name for name in re.split(r"[\s、，,；;]+", text) if name]}
    found = json.loads(text)
    if not all(isinstance(names, list) for names in found.values()):
        raise ValueError("expected a list of names for each role")
    return dict(found)


def _empty(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(value.values())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return json.dumps({k: v for k, v in value.items() if v}, ensure_ascii=False)
    if has(f"cli.plan.value_{value}"):
        return say(f"cli.plan.value_{value}")
    return f"{value:g}" if isinstance(value, float) else str(value)
