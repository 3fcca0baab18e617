"""A finished run as reports take it: made up, realistic, one of each thing that a page shows."""

from qianhang.core.manifest import Manifest
from qianhang.core.schema import read


def manifest(**changes):
    found = {
        "title": {"zh": "城市日前负荷预测", "en": "Day-ahead load forecast"},
        "summary": {
            "zh": "调度员每天上午要知道明天每半小时的负荷；本场景给出三个分位数，并与人工做法逐折比较。",
            "en": "Each morning a dispatcher needs tomorrow's load for each half-hour; this scenario gives three quantiles and is compared with usual practice fold by fold.",
        },
        "task": "forecast",
        "covers": ["M540", "M548"],
        "owner": "省发展改革委（能源局）",
        "risk": "limited",
        "subject": "area",
        "purpose": "load_forecast",
        "licence_class": "G",
        "target": "demand",
        "horizon": 48,
        "human_role": {"zh": "调度员确认后下发计划。", "en": "A dispatcher confirms the schedule."},
        "headline": {"title": {"zh": "每年少买的不平衡电量", "en": "Imbalance avoided a year"}, "unit": "MWh/a"},
        "baseline": {
            "trivial": {"zh": "上周同时刻", "en": "same time last week"},
            "practice": {"zh": "相似日", "en": "similar day"},
            "better_by": 0.2,
        },
        "columns": {
            "time": {"role": "time", "step": "30min", "zone": "Australia/Melbourne"},
            "demand": {"role": "target", "unit": "MW", "title": {"zh": "负荷", "en": "demand"}},
        },
        "case": [
            {
                "name": "vic",
                "title": {"zh": "维多利亚州 2014 年下半年", "en": "Victoria, second half of 2014"},
                "bar": [{"metric": "mape", "at_most": 3.3, "unit": "%"}],
            }
        ],
        "page": {
            "widgets": [
                "kpi:mape", "fan:forecast", "skill:leads", "bars:folds", "heat:hours",
                "timeline:alarms", "calibration:calibration", "forest:subgroups", "table:questions",
                "network:network", "stack:costs", "line:absent",
            ],
            "units": {"leads": "%", "lead": "h", "cost": "CNY/d", "network": "L/s", "hours": "%"},
        },
    }  # fmt: skip
    return read(Manifest, found | changes, where="test")


def record(**changes):
    found = {
        "id": "20261122-001122-ab12cd",
        "key": "5d41402abc4b2a76b9719d911017c592",
        "scenario": "energy.load_forecast",
        "case": "vic",
        "state": "finished",
        "verdict": "unmet",
        "title": {"zh": "城市日前负荷预测", "en": "Day-ahead load forecast"},
        "started": "2026-11-22T00:11:22+00:00",
        "ended": "2026-11-22T00:12:05+00:00",
        "seed": 7,
        "pool": "local",
        "params": {"price_cny": 400.0},
        "pack_version": "1",
        "pack_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "data": {
            "infra/power_load_vic/vic.parquet": {
                "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                "source": "https://github.com/tidyverts/tsibbledata",
                "licence": "GPL-3.0",
                "licence_class": "G",
                "citation": "AEMO half-hourly operational demand, via tsibbledata.",
            }
        },
        "versions": {"python": "3.11.7", "numpy": "1.26.4", "lightgbm": "4.6.0"},
        "wall_s": 43.218,
        "cpu_s": 61.02,
        "peak_mb": 812.4,
        "folds": [
            {
                "name": f"2014-{7 + i:02d}",
                "ours": {"mape": 2.1 + i / 10, "coverage": 80.1},
                "trivial": {"mape": 5.2 + i / 9, "coverage": 78.0},
                "practice": {"mape": 3.9 + i / 8},
            }
            for i in range(5)
        ],
        "scores": {"mape": 2.31, "coverage": 80.1, "pinball": 61.25},
        "trivial": {"mape": 5.48, "coverage": 78.0},
        "practice": {"mape": 4.2},
        "headline": 1_234_567.0,
        "facts": {"rows": 52608, "folds": 5},
        "bars": [
            {
                "metric": "mape", "unit": "%", "at_most": 3.3, "at_least": None, "value": 2.31, "met": True,
                "published": {"value": 3.48, "source": "Hyndman & Fan 2010", "verified": "recalled"},
            },
            {
                "metric": "coverage", "unit": "%", "at_most": 80.0, "at_least": 79.0, "value": 80.1, "met": False,
                "published": None,
                "reason": {"zh": "节假日样本太少。", "en": "Too few holidays to learn from."},
            },
        ],
        "gate": {
            "open": True,
            "stage": "accepted",
            "reasons": [{"code": "G001", "zh": "有限风险，责任人已指定。", "en": "Limited risk, owner named."}],
        },
        "model": {"name": "energy.load_forecast", "version": 3, "manifest": "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"},
        "evidence": [{"seq": 12, "indicator": "M540", "hash": "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096"}],
        "covers": [{"id": "M540", "name": "电力负荷智能预测"}, {"id": "M548", "name": "新能源功率预测"}],
        "marks": ["twin"],
        "log": "step contract ok\nstep trial fold 1/5\n<b>done</b>",
    }  # fmt: skip
    return found | changes
