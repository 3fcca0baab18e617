"""What a replay costs: chip-hours at the pools' list prices, electricity at the sites' meters."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.compute.flavour import flavours
from qianhang.compute.network import Network
from qianhang.compute.simulate.replay import Replay

__all__ = ["Cost", "cost"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Yuan of a replay, and kWh at the sites of its busy chips.

    chips_cny : chip-hours at the list prices of the stock; 0 where the file gives none
    power_cny : site_kwh at each pool's price of a kWh
    """

    chips_cny: float
    power_cny: float
    site_kwh: float


def cost(replay: Replay, network: Network) -> Cost:
    """What the busy chips of a replay cost."""
    pools, known = {pool.id: pool for pool in network.pools}, flavours()
    chips = power = site = 0.0
    for run in replay.runs:
        pool = pools[run.pool]
        stock = pool.stock[run.rack]
        hours = run.chips * (run.end - run.start) / 3600.0
        watts = known[stock.flavour].busy_w.value if stock.flavour in known else 0.0
        kwh = watts * hours / 1000.0 * pool.pue.value
        chips += hours * stock.price_fen / 100.0
        power += kwh * pool.power_fen_kwh / 100.0
        site += kwh
    return Cost(chips, power, site)
