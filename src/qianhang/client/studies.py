"""What-if studies by the API; a part of the client."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

from qianhang.client import study_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["StudyCalls"]


class StudyCalls:
    """The client's methods for what-if studies."""

    _wire: Wire

    def ask_study(
        self, *, trace: Path | None = None, pools: Path | None = None, **wanted: Any
    ) -> shapes.Study:
        """A study, begun; wanted : the fields of NewStudy, such as down=["p1"] or more=[{...}].

        trace, pools : files in place of what the server's network knows
        """
        files = [
            (name, (path.name, path.read_bytes()))
            for name, path in (("trace", trace), ("pools", pools))
            if path is not None
        ]
        # Parts without a file name, so that the request is a form in any case.
        parts: list[tuple[str, tuple[str | None, str | bytes]]] = [
            ("study", (None, json.dumps(wanted))), *files,
        ]  # fmt: skip
        return cast(shapes.Study, self._wire.write("POST", "/whatif", files=parts).json())

    def studies(self) -> Iterator[shapes.Study]:
        """The studies that one may see, the newest first."""
        return cast(Iterator[shapes.Study], self._wire.pages("/whatif"))

    def study(self, study: str) -> shapes.StudyDetail:
        """One study with its figures and the numbers of its plots."""
        return cast(shapes.StudyDetail, self._wire.read(f"/whatif/{study}").json())

    def wait_study(self, study: str, *, every_s: float = 1.0) -> shapes.StudyDetail:
        """The study once it has ended, however it did."""
        while (found := self.study(study))["state"] == "running":
            time.sleep(every_s)
        return found

    def study_table(
        self, study: str, table: Literal["figures", "waits"], kind: Literal["csv", "xlsx"] = "csv"
    ) -> bytes:
        """Every figure, or the waits, of every case as a file."""
        return self._wire.read(f"/whatif/{study}/{table}/{kind}").content
