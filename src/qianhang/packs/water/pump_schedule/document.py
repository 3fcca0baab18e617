"""An EPANET file as text: what else schedules its pumps taken out, a plan or a tariff put in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qianhang.core.errors import ContractError

__all__ = ["DAY_S", "Document", "Run", "clock_text"]

DAY_S = 86400
_HEADING = re.compile(r"\s*\[(\w+)\]")


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """One pump on, from `start` to `end`, seconds after the beginning of the day."""

    pump: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """Sections of an .inp file in their order, each with its lines."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def read(cls, path: Path) -> Document:
        """The sections of the file.

        Raises ContractError where the file is no EPANET model or has no pump.
        """
        parts: list[tuple[str, list[str]]] = []
        for line in path.read_text(encoding="latin-1").splitlines():
            heading = _HEADING.match(line)
            if heading:
                parts.append((heading.group(1).upper(), []))
            elif parts:
                parts[-1][1].append(line)
        document = cls(tuple((name, tuple(lines)) for name, lines in parts))
        if not document.rows("JUNCTIONS"):
            raise ContractError(
                "QH160", f"{path.name}: found no [JUNCTIONS], expected an EPANET model"
            )
        if not document.pumps:
            raise ContractError("QH160", f"{path.name}: found no pump to schedule in [PUMPS]")
        return document

    def rows(self, section: str) -> list[list[str]]:
        """Words of each line of a section, comments and blank lines left out."""
        lines = (line for name, part in self.sections if name == section for line in part)
        return [words for line in lines if (words := line.split(";")[0].split())]

    @property
    def pumps(self) -> tuple[str, ...]:
        """Names of the pumps, as the file spells them."""
        return tuple(words[0] for words in self.rows("PUMPS"))

    @property
    def speeds(self) -> dict[str, float]:
        """Relative speed at which each pump runs when it runs."""
        speeds = {}
        for words in self.rows("PUMPS"):
            upper = [w.upper() for w in words]
            at = upper.index("SPEED") + 1 if "SPEED" in upper else len(words)
            speeds[words[0]] = float(words[at]) if at < len(words) else 1.0
        return speeds

    def unpumped(self) -> list[str]:
        """Reservoirs whose water reaches no pump's inlet but through a pump."""
        owner: dict[str, str] = {}

        def root(node: str) -> str:
            while (above := owner.setdefault(node, node)) != node:
                node = above
            return node

        for section in ("PIPES", "VALVES"):
            for words in self.rows(section):
                owner[root(words[1])] = root(words[2])
        inlets = {root(words[1]) for words in self.rows("PUMPS")}
        return [w[0] for w in self.rows("RESERVOIRS") if root(w[0]) not in inlets]

    def text(self) -> str:
        """The whole file."""
        parts = [f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in self.sections]
        return "\n".join(part for part in parts if not part.startswith("[END]")) + "\n[END]\n"

    def one_day(self) -> Document:
        """The same network over its first 24 hours, hourly results, water quality left out."""
        times = [
            line
            for line in self._lines("TIMES")
            if not line.upper().split()[:1]
            or line.upper().split()[0] not in ("DURATION", "REPORT", "STATISTIC")
        ]
        times += [" Duration 24:00", " Report Timestep 1:00", " Report Start 0:00"]
        options = [li for li in self._lines("OPTIONS") if li.upper().split()[:1] != ["QUALITY"]]
        document = self._with("TIMES", times)._with("OPTIONS", [*options, " Quality None"])
        return document._with("REPORT", [" Status No", " Summary No"])

    def unscheduled(self) -> Document:
        """Without controls, rules, patterns and states that switch a pump."""
        pumps = {p.upper() for p in self.pumps}
        controls = [
            li
            for li in self._lines("CONTROLS")
            if not (len(w := li.upper().split()) > 1 and w[0] in ("LINK", "PUMP") and w[1] in pumps)
        ]
        status = [
            li for li in self._lines("STATUS") if (li.upper().split() or [""])[0] not in pumps
        ]
        rules = [line for block in self._rules() if not _mentions(block, pumps) for line in block]
        lines = [re.sub(r"(?i)\bPATTERN\s+\S+", "", li) for li in self._lines("PUMPS")]
        document = self._with("CONTROLS", controls)._with("STATUS", status)._with("RULES", rules)
        return document._with("PUMPS", lines)

    def with_runs(self, runs: Sequence[Run]) -> Document:
        """With a timed control for each switch of the plan."""
        lines, speeds = list(self._lines("CONTROLS")), self.speeds
        for pump in self.pumps:
            own = sorted(r for r in runs if r.pump == pump)
            first = bool(own) and own[0].start <= 0
            lines.append(f"LINK {pump} {speeds[pump] if first else 0.0:g} AT TIME 0:00:00")
            for run in own:
                if run.start > 0:
                    lines.append(f"LINK {pump} {speeds[pump]:g} AT TIME {clock_text(run.start)}")
                if run.end < DAY_S:
                    lines.append(f"LINK {pump} 0.0 AT TIME {clock_text(run.end)}")
        return self._with("CONTROLS", lines)

    def with_tariff(self, prices: Sequence[float], *, step_s: int) -> Document:
        """With a price of energy for each hour of the day (24,), on the file's pattern step."""
        count = max(round(DAY_S / step_s), 1)
        values = [_mean_price(prices, k * step_s, (k + 1) * step_s) for k in range(count)]
        patterns = [*self._lines("PATTERNS"), *(f" qh_tariff {v:.6g}" for v in values)]
        energy = [
            li
            for li in self._lines("ENERGY")
            if not {"PRICE", "PATTERN"} & set(li.upper().split(";")[0].split())
        ]
        energy += [" Global Price 1.0", " Global Pattern qh_tariff"]
        return self._with("PATTERNS", patterns)._with("ENERGY", energy)

    def with_hydraulics(self, path: str) -> Document:
        """With a place for what is solved; unnamed, EPANET writes it to the working folder."""
        options = [li for li in self._lines("OPTIONS") if li.upper().split()[:1] != ["HYDRAULICS"]]
        return self._with("OPTIONS", [*options, f' Hydraulics Save "{path}"'])

    def _lines(self, section: str) -> list[str]:
        return [line for name, part in self.sections if name == section for line in part]

    def _with(self, section: str, lines: Sequence[str]) -> Document:
        """With other lines in a section, where it stood: EPANET wants names before their use."""
        names = list(dict.fromkeys(name for name, _ in self.sections if name != "END"))
        held = {name: tuple(self._lines(name)) for name in names} | {section: tuple(lines)}
        return Document(tuple(held.items()))

    def _rules(self) -> list[list[str]]:
        blocks: list[list[str]] = []
        for line in self._lines("RULES"):
            if line.upper().split()[:1] == ["RULE"]:
                blocks.append([])
            if blocks:
                blocks[-1].append(line)
        return blocks


def clock_text(seconds: int) -> str:
    """A time of day as EPANET reads it."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _mentions(block: Sequence[str], pumps: set[str]) -> bool:
    words = [word for line in block for word in line.upper().split(";")[0].split()]
    named = zip(words, words[1:], strict=False)
    return any(a in ("PUMP", "LINK") and b in pumps for a, b in named)


def _mean_price(prices: Sequence[float], start: int, end: int) -> float:
    """Price over a stretch of the day, weighted by the length of each hour in it."""
    total = 0.0
    for hour, price in enumerate(prices):
        overlap = min(end, (hour + 1) * 3600) - max(start, hour * 3600)
        total += price * max(overlap, 0)
    return total / (end - start)
