"""A small typed client of the HTTP API: `Client("https://ai.example.gov.cn", key)`.

It needs requests and nothing else of the product but its errors, so it may be used where no other
part is.
"""

from qianhang.client.client import Client
from qianhang.client.plan_shapes import Bulletin, Item, Plan, Target
from qianhang.client.shapes import (
    Account,
    Ask,
    AskEvent,
    Dataset,
    Me,
    Model,
    Prediction,
    Run,
    RunLine,
    Scenario,
    ScenarioLine,
    Upload,
)
from qianhang.client.wire import ApiProblem

__all__ = [
    "Account",
    "ApiProblem",
    "Ask",
    "AskEvent",
    "Bulletin",
    "Client",
    "Dataset",
    "Item",
    "Me",
    "Model",
    "Plan",
    "Prediction",
    "Run",
    "RunLine",
    "Scenario",
    "ScenarioLine",
    "Target",
    "Upload",
]
