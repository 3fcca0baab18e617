"""What every request of one server process shares: settings, the open store, the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from qianhang.store import Settings, Store

__all__ = ["Site", "now"]


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """One server process.

    public_url : where people reach the console, as `https://ai.example.gov.cn`; decides whether
        cookies are for encrypted connections only
    clock : the time in UTC; a test gives its own
    """

    settings: Settings
    store: Store
    public_url: str = ""
    clock: Callable[[], datetime] = field(default=now)

    @property
    def encrypted(self) -> bool:
        """Whether people reach the console by https."""
        return self.public_url.startswith("https://")
