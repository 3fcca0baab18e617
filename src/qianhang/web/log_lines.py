"""What the server writes on standard error: one JSON object a line, whatever part of it speaks."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

__all__ = ["Lines", "begin"]


class Lines(logging.Formatter):
    """Records as lines of JSON; one whose message is a mapping is that mapping."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its moment (UTC), level, and the error's trace where it has one."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname.lower()}
        if isinstance(record.msg, dict):
            line |= record.msg
        else:
            line |= {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def begin() -> None:
    """From now on this process writes its log so."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
