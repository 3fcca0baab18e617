"""A made-up day for three units, wind, a dam and a battery, in the form of a pglib-uc file."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["instance", "unit"]


def unit(low: float, high: float, price: float, **more: Any) -> dict[str, Any]:
    """A thermal unit that costs 2 x low x price at least output and `price` USD/MWh above it.

    low, high : MW; more : fields of the format that stand instead
    """
    first = 2 * low * price
    return {
        "must_run": 0,
        "power_output_minimum": low,
        "power_output_maximum": high,
        "ramp_up_limit": high,
        "ramp_down_limit": high,
        "ramp_startup_limit": high,
        "ramp_shutdown_limit": high,
        "time_up_minimum": 1,
        "time_down_minimum": 1,
        "power_output_t0": 0.0,
        "unit_on_t0": 0,
        "time_down_t0": 24,
        "time_up_t0": 0,
        "startup": [{"lag": 1, "cost": 10.0 * high}],
        "piecewise_production": [
            {"mw": low, "cost": first},
            {"mw": high, "cost": first + price * (high - low)},
        ],
        **more,
    }


def instance(seed: int) -> dict[str, Any]:
    """A day of 24 h with random demand and wind."""
    rng = np.random.default_rng(seed)
    hours = np.arange(24)
    demand = 260 + 90 * np.sin((hours - 9) / 24 * 2 * np.pi) + rng.uniform(-10, 10, 24)
    wind = np.clip(30 + 20 * np.cos(hours / 24 * 2 * np.pi) + rng.uniform(-8, 8, 24), 0, None)
    running = {"unit_on_t0": 1, "time_up_t0": 30, "time_down_t0": 0}
    return {
        "time_periods": 24,
        "demand": demand.round(2).tolist(),
        "reserves": (0.03 * demand).round(2).tolist(),
        "thermal_generators": {
            "NUCLEAR_1": unit(90, 100, 8.0, must_run=1, power_output_t0=100.0, **running),
            "STEAM_1": unit(
                60, 150, 22.0, ramp_up_limit=40.0, ramp_down_limit=40.0, power_output_t0=110.0,
                time_up_minimum=6, time_down_minimum=4, **running,
                ramp_startup_limit=60.0, ramp_shutdown_limit=60.0,
                startup=[{"lag": 4, "cost": 800.0}, {"lag": 10, "cost": 1600.0}],
            ),
            "CT_1": unit(20, 120, 40.0, time_up_minimum=2, time_down_minimum=2),
        },
        "renewable_generators": {
            "WIND_1": {"power_output_minimum": 0.0, "power_output_maximum": wind.tolist()}
        },
        "hydro_generators": {
            "DAM_1": {"power_output_maximum": 40.0, "energy_maximum": 300.0}
        },
        "storage_units": {
            "BATTERY_1": {
                "power_charge_maximum": 20.0, "power_discharge_maximum": 20.0,
                "energy_maximum": 60.0, "energy_t0": 30.0, "efficiency": 0.81,
            }
        },
    }  # fmt: skip
