"""Programs of our own that run as jobs on chosen pools, through the same door as everybody's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.compute.door import attempts, jobs
from qianhang.compute.door.engines import Engines, Patience
from qianhang.compute.job import Job, Want
from qianhang.core.errors import PoolUnavailable

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["ORG", "Errands", "Program"]

ORG = "root"  # whoever runs the platform
# The first of the Pythons that can load one of the modules, any Python where none is named.
_SCRIPT = """
for p in "$QH_PYTHON" python3 python; do
  p=$(command -v "$p") || continue
  for m in $QH_MODULES; do
    if "$p" -c "import $m" 2>/dev/null; then exec "$p" -c "$QH_PROGRAM" $QH_VERB; fi
  done
done
echo "no Python here that has one of: $QH_MODULES"
exit 3
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of one file, told what to do by variables.

    mark : how the lines begin in which it tells JSON
    modules : it needs one of these
    """

    file: str
    mark: str
    modules: tuple[str, ...] = ("json",)
    wall_s: float = 300.0
    memory_mb: int = 2048

    def work(self, env: Mapping[str, str], verb: str = "") -> jobs.Work:
        """What a pool runs."""
        text = Path(__file__).with_name(self.file).read_text(encoding="utf8")
        own = {"QH_PROGRAM": text, "QH_VERB": verb, "QH_MODULES": " ".join(self.modules)}
        return jobs.Work(
            _SCRIPT,
            {**own, **env},
            wall_s=self.wall_s,
            memory_mb=self.memory_mb,
            log_mb=1,
            own=True,
        )


class Errands:
    """Jobs that are waited for here.

    look : lets the door look once, waits a little and tells the time; called again and again
    admit : takes a job in and gives its id
    give_up_s : for how long a job may wait and run until nobody waits for it any more
    """

    def __init__(
        self, store: Store, home: Path, *, look: Callable[[], datetime],
        admit: Callable[[jobs.Asked, datetime], str], give_up_s: float = 600.0,
    ) -> None:  # fmt: skip
        self.store, self.look, self.give_up_s = store, look, give_up_s
        self._admit = admit
        self._engines = Engines(store, home, Patience())

    def ask(self, work: jobs.Work, want: Want, *, pool: str, name: str) -> str:
        """The id of the job, admitted."""
        job = Job(
            jobs.new_id(), ORG, want, submitted=0.0, estimate_s=work.wall_s, name=name,
            project="measuring", pools=(pool,), tier=0,
        )  # fmt: skip
        return self._admit(jobs.Asked(job, work, account=name), self.look())

    def told(self, job: str, mark: str) -> list[dict[str, Any]]:
        """What the job's last attempt told so far; nothing where its pool cannot be asked."""
        made = attempts.of(self.store, job)
        if not made:
            return []
        try:
            text = self._engines.log(made[-1]).decode("utf8", "replace")
        except PoolUnavailable:
            return []
        return [found for line in text.splitlines() if (found := _said(line, mark)) is not None]

    def log(self, job: str) -> str:
        """The last line of what the job printed."""
        made = attempts.of(self.store, job)
        if not made:
            return ""
        try:
            lines = self._engines.log(made[-1]).decode("utf8", "replace").split("\n")
        except PoolUnavailable as cause:
            return str(cause)
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def until_told(self, job: str, mark: str, *, ended: bool = False) -> dict[str, Any]:
        """What the job told last, as soon as it told anything, or once it has ended.

        Raises PoolUnavailable where it ends badly, tells nothing, or nobody can wait any longer.
        """
        until = self.look() + timedelta(seconds=self.give_up_s)
        while True:
            kept = jobs.get(self.store, job)
            found = [] if ended and kept.open else self.told(job, mark)
            if not kept.open and kept.state != "finished":
                self._refuse(kept, f"{kept.state} ({kept.reason})")
            if found:
                return found[-1]
            if not kept.open:
                self._refuse(kept, "it told nothing")
            now = self.look()
            if now > until:
                self.stop(job, now)
                self._refuse(kept, f"still {kept.state} after {self.give_up_s:g} s")

    def stop(self, job: str, now: datetime) -> None:
        """The job cancelled, where it is still open."""
        if jobs.get(self.store, job).open:
            jobs.cancel(self.store, job, by=ORG, at=now)

    def _refuse(self, kept: jobs.Kept, why: str) -> None:
        last = self.log(kept.job.id)
        said = f"; its last line: {last[:200]}" if last else ""
        where = ", ".join(kept.job.pools)
        raise PoolUnavailable(
            "QH537", f"pool {where}: nothing was measured by job {kept.job.id}: {why}{said}",
            hint=f"qianhang compute why {kept.job.id}",
        )  # fmt: skip


def _said(line: str, mark: str) -> dict[str, Any] | None:
    """What a line tells, None where it is none of ours."""
    if not line.startswith(mark):
        return None
    try:
        found = json.loads(line[len(mark) :])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
