"""A road network as SUMO keeps it: its signals, their phases, and the lanes before and behind."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qianhang.core.errors import ContractError

__all__ = ["Lane", "Movement", "Part", "Roads", "Signal", "is_green", "read_roads"]

MISSING, BROKEN, UNFIT = "QH124", "QH118", "QH123"
GREEN = "Gg"
_HOPS = 8  # lanes in a row that a detector may look across


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: its edge, length m, allowed speed m/s, and ends (x, y, x2, y2), m."""

    edge: str
    length: float
    speed: float
    ends: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Movement:
    """What one index of a signal's state governs: from a lane onto a lane."""

    index: int
    lane: str
    onto: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A set of lights: the green phases of its own program, and its movements."""

    name: str
    phases: tuple[str, ...]
    movements: tuple[Movement, ...]

    @property
    def lanes(self) -> tuple[str, ...]:
        """Lanes that end at this signal, sorted."""
        return tuple(sorted({m.lane for m in self.movements}))


@dataclass(frozen=True, slots=True)
class Part:
    """A lane that a detector sees: m from its end to the stop line, share of its vehicles meant."""

    lane: str
    offset: float
    share: float


@dataclass(frozen=True, slots=True)
class Roads:
    """A scenario's network; begin and end in s, end None where it runs until all have arrived.

    signals : those with a choice, at least two green phases; a signal without keeps its program
    before : lane at a signal -> parts upstream of its stop line, across joints, not across another
    signal; beyond : lane behind a signal -> lanes that fill up before it does
    """

    config: Path
    net: Path
    additional: tuple[Path, ...]
    begin: float
    end: float | None
    lanes: Mapping[str, Lane]
    signals: tuple[Signal, ...]
    before: Mapping[str, tuple[Part, ...]]
    beyond: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class _Net:
    """What a net file and its additional files hold."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    into: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # lane, via, signal
    out: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    movements: dict[str, list[Movement]] = field(default_factory=dict)
    phases: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_roads(config: Path, *, reach: float) -> Roads:
    """The network that a .sumocfg names, seen up to `reach` m from each stop line.

    Raises ContractError naming the file that is missing or broken, and where no signal has a choice
    between two green phases.
    """
    options = _options(config)
    if "net-file" not in options:
        raise ContractError(
            UNFIT, f"{config.name}: found no <net-file>, expected one under <input>"
        )
    path = _beside(config, options["net-file"])
    more = options.get("additional-files", "").replace(",", " ").split()
    additional = tuple(_beside(config, name) for name in more)
    for name in options.get("route-files", "").replace(",", " ").split():
        _beside(config, name)
    net = _Net()
    for file in (path, *additional):
        _read(file, net)
    signals = _signals(net)
    if not signals:
        raise ContractError(
            UNFIT, f"{path.name}: found {len(net.phases)} traffic lights, none of which has two "
            "green phases", hint="there is nothing to choose: add programs with netconvert",
        )  # fmt: skip
    used = {m.lane for s in signals for m in s.movements}
    onto = {m.onto for s in signals for m in s.movements}
    return Roads(
        config=config,
        net=path,
        additional=additional,
        begin=_seconds(config, options.get("begin", "0")) or 0.0,
        end=_seconds(config, options.get("end", "-1")),
        lanes=net.lanes,
        signals=signals,
        before={lane: tuple(_before(net, lane, reach)) for lane in sorted(used)},
        beyond={lane: _beyond(net, lane, reach) for lane in sorted(onto)},
    )


def _options(config: Path) -> dict[str, str]:
    found = {}
    for _, element in _elements(config):
        if element.get("value") is not None:
            name = {"n": "net-file", "net": "net-file", "r": "route-files", "b": "begin",
                    "e": "end", "a": "additional-files", "additional": "additional-files",
                    "routes": "route-files"}.get(element.tag, element.tag)  # fmt: skip
            found[name] = str(element.get("value"))
    return found


def _beside(config: Path, name: str) -> Path:
    path = config.parent / name
    if not path.is_file():
        hint = "keep the files that the configuration names beside it"
        raise ContractError(MISSING, f"{config.name}: names {name}, which is not there", hint=hint)
    return path


def _seconds(config: Path, text: str) -> float | None:
    """Seconds of a SUMO time, which may be h:m:s; None where it is not set."""
    try:
        parts = [float(p) for p in text.split(":")]
    except ValueError:
        raise ContractError(BROKEN, f"{config.name}: found time {text!r}, expected s") from None
    scale = (1.0, 60.0, 3600.0, 86400.0)
    value = sum(p * s for p, s in zip(reversed(parts), scale, strict=False))
    return value if value >= 0 else None


def _elements(path: Path) -> Iterator[tuple[str, ET.Element]]:
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rb") as handle:
            yield from ET.iterparse(handle)  # noqa: S314 - the user's own simulation files
    except FileNotFoundError:
        raise ContractError(MISSING, f"{path}: there is no such file") from None
    except (ET.ParseError, OSError, EOFError) as cause:
        raise ContractError(BROKEN, f"{path.name}: is not the XML of SUMO: {cause}") from None


def _read(path: Path, net: _Net) -> None:
    for _, element in _elements(path):
        tag = element.tag
        if tag == "edge":
            _take_lanes(element, net)
        elif tag == "connection" and element.get("from"):
            _take_connection(element, net)
        elif tag == "tlLogic":
            states = [str(p.get("state", "")) for p in element.findall("phase")]
            rail = str(element.get("type", "")).startswith("rail")
            net.phases[str(element.get("id"))] = () if rail else _greens(states)
        if tag in ("edge", "tlLogic", "junction", "vehicle", "trip", "flow"):
            element.clear()


def _greens(states: list[str]) -> tuple[str, ...]:
    """The states with a green and no yellow, each once, in order.

    None where a light is green beside a yellow only: without those states it would never be.
    """
    calm = tuple(dict.fromkeys(s for s in states if is_green(s)))
    ever = {i for s in states for i, light in enumerate(s) if light in GREEN}
    return calm if ever == {i for s in calm for i, light in enumerate(s) if light in GREEN} else ()


def is_green(state: str) -> bool:
    """Whether a state of the lights has a green and no yellow."""
    return not set(state) & set("yYu") and bool(set(state) & set(GREEN))


def _take_lanes(element: ET.Element, net: _Net) -> None:
    edge = str(element.get("id"))
    for lane in element.findall("lane"):
        shape = [p.split(",") for p in str(lane.get("shape", "0,0 0,0")).split()]
        first, last = shape[0], shape[-1]
        ends = (float(first[0]), float(first[1]), float(last[0]), float(last[1]))
        length, speed = float(lane.get("length", "1")), float(lane.get("speed", "13.9"))
        net.lanes[str(lane.get("id"))] = Lane(edge, length, speed, ends)


def _take_connection(element: ET.Element, net: _Net) -> None:
    lane = f"{element.get('from')}_{element.get('fromLane')}"
    onto = f"{element.get('to')}_{element.get('toLane')}"
    via, signal = element.get("via", ""), element.get("tl", "")
    if lane.startswith(":"):
        net.via[lane] = via
        return
    net.into.setdefault(onto, []).append((lane, via, signal))
    net.out.setdefault(lane, []).append((onto, via, signal))
    if signal:
        movement = Movement(int(element.get("linkIndex", "0")), lane, onto)
        net.movements.setdefault(signal, []).append(movement)


def _signals(net: _Net) -> tuple[Signal, ...]:
    found = []
    for name in sorted(net.phases):
        phases, movements = net.phases[name], net.movements.get(name, [])
        fits = all(m.index < len(p) for p in phases for m in movements)
        if len(phases) > 1 and movements and fits:
            ordered = tuple(sorted(movements, key=lambda m: (m.index, m.lane)))
            found.append(Signal(name, phases, ordered))
    return tuple(found)


def _inner(net: _Net, via: str) -> list[str]:
    """The lanes inside a junction that lead from one road to the next."""
    lanes = []
    while via and via not in lanes:
        lanes.append(via)
        via = net.via.get(via, "")
    return [lane for lane in lanes if lane in net.lanes]


def _before(net: _Net, lane: str, reach: float) -> Iterator[Part]:
    """The lane and what lies upstream of it within reach, shared where roads part."""
    open_ = [Part(lane, 0.0, 1.0)]
    seen = {lane}
    while open_ and len(seen) < _HOPS * 4:
        part = open_.pop(0)
        yield part
        back = part.offset + net.lanes[part.lane].length
        if back >= reach:
            continue
        for other, via, signal in net.into.get(part.lane, ()):
            if signal or other in seen or other not in net.lanes:
                continue
            seen.add(other)
            offset = back
            for inner in reversed(_inner(net, via)):
                yield Part(inner, offset, part.share)
                offset += net.lanes[inner].length
            if offset < reach:
                open_.append(Part(other, offset, part.share / len(net.out[other])))


def _beyond(net: _Net, lane: str, reach: float) -> tuple[str, ...]:
    """The lane and those that follow without a choice or a signal, within reach."""
    lanes, length = [lane], net.lanes[lane].length
    while length < reach and len(lanes) < _HOPS * 4:
        onward = net.out.get(lanes[-1], [])
        if len(onward) != 1 or onward[0][2] or onward[0][0] in lanes:
            break
        lane, via, _ = onward[0]
        between = [*_inner(net, via), lane]
        length += sum(net.lanes[name].length for name in between)
        lanes += between
    return tuple(lanes)
