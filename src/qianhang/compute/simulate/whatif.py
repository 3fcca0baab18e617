"""The same jobs through a changed network or policy, and the comparison as charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qianhang.charts import Axis, Chart, Field, Series, Table
from qianhang.charts.chart import named, plain
from qianhang.compute.network import Network
from qianhang.compute.policy.params import Params
from qianhang.compute.simulate.replay import replay
from qianhang.compute.simulate.summary import Summary, summary
from qianhang.compute.simulate.trace import Traced
from qianhang.core.errors import UsageError
from qianhang.core.schema import nearest
from qianhang.core.words import say

__all__ = ["Change", "changed", "charts", "compare"]


@dataclass(frozen=True, slots=True)
class Change:
    """One case: a network and the knobs of the policy. kind: key of its words; pool: for `down`."""

    kind: str
    network: Network
    params: Params
    pool: str = ""

    @property
    def name(self) -> str:
        """The case in the reader's language."""
        key = f"compute.whatif.{self.kind}"
        return say(key, pool=self.pool) if self.pool else say(key)


def changed(
    network: Network,
    params: Params,
    *,
    add: Network | None = None,
    down: str = "",
    power_fen_kwh: float | None = None,
) -> Change:
    """The case of more pools, of one pool less, or of pools chosen by power price and PUE.

    Raises UsageError QH535 where no pool has the id `down`, or none would be left.
    """
    if add is not None:
        return Change("more", replace(network, pools=network.pools + add.pools,
                                      operators=()), params)  # fmt: skip
    if down:
        left = tuple(pool for pool in network.pools if pool.id != down)
        if not left or len(left) == len(network.pools):
            ids = [pool.id for pool in network.pools]
            hint = f"pools: {', '.join(ids)}" if nearest(down, ids) is None else (
                f"did you mean {nearest(down, ids)}?")  # fmt: skip
            raise UsageError("QH535", f"pool {down!r} cannot be taken down", hint=hint)
        return Change("down", replace(network, pools=left), params, down)
    price = power_fen_kwh or 0.0
    pools = tuple(replace(pool, power_fen_kwh=price) for pool in network.pools)
    return Change("green", replace(network, pools=pools), replace(params, with_power=True))


def compare(traced: Sequence[Traced], cases: Sequence[Change]) -> list[tuple[str, Summary]]:
    """Name and figures of each case, on the same jobs."""
    return [
        (one.name, summary(replay(traced, one.network, params=one.params), one.network))
        for one in cases
    ]


_SHOWN = (
    ("wait", "mean_wait_s", "s"),
    ("spread", "p99_wait_s", "s"),
    ("use", "utilisation", "1"),
    ("pue", "pue", "1"),
)


def charts(found: Sequence[tuple[str, Summary]]) -> list[Chart]:
    """One bar chart a figure, a bar a case, with the same numbers as a table."""
    names = tuple(plain(name) for name, _ in found)
    made = []
    for key, figure, unit in _SHOWN:
        title = named(f"compute.whatif.{key}")
        values = tuple(float(getattr(one, figure)) for _, one in found)
        made.append(
            Chart(
                kind="bars",
                title=title,
                x=Axis(named("compute.whatif.case"), kind="category", categories=names),
                y=Axis(title, unit, low=0.0),
                series=(
                    Series(title, tuple(map(float, range(len(values)))), values, "ours", "bar"),
                ),
                table=Table(
                    (Field(named("compute.whatif.case"), kind="text"), Field(title, unit)),
                    tuple((name, value) for (name, _), value in zip(found, values, strict=True)),
                ),
            )
        )
    return made
