"""The YAML of a task file, read without what lets a small file fill the memory."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

__all__ = ["load"]


def load(text: str) -> Any:
    """What the text holds.

    Raises ValueError saying what is wrong, with its row where that is known: YAML that cannot be
    read, anchors and aliases, more nesting than a task has, text that UTF-8 cannot hold.
    """
    import yaml

    try:
        text.encode("utf8")
        found = yaml.load(text, _loader())  # noqa: S506  # a safe loader, made stricter
        _encoded(found)
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        row = f", row {mark.line + 1}" if mark else ""
        raise ValueError(f"{row}: {getattr(cause, 'problem', None) or 'not YAML'}") from None
    except RecursionError:
        raise ValueError(": nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError(": a character that is half of a pair") from None
    except (ValueError, OverflowError) as cause:
        raise ValueError(f": a value that cannot be read: {str(cause)[:80]}") from None
    return found


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    class Plain(yaml.SafeLoader):
        """Refuses aliases: a few lines of them make more values than a machine holds."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.get_mark()
                raise yaml.composer.ComposerError(
                    None, None, "an alias (*name): write the value out", mark
                )
            return super().compose_node(parent, index)

    return Plain


def _encoded(value: Any) -> None:
    """Raises UnicodeEncodeError where a text within is none that UTF-8 can hold."""
    if isinstance(value, str):
        value.encode("utf8")
    elif isinstance(value, dict):
        for name, one in value.items():
            _encoded(name)
            _encoded(one)
    elif isinstance(value, (list, tuple, set)):
        for one in value:
            _encoded(one)
