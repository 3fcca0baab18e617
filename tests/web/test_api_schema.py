"""The API against its own description: whatever is sent, no 5xx and nothing undescribed comes."""

import io
import shutil
import types
from datetime import UTC, datetime

import pandas as pd
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from qianhang.access import ROLES, SCOPES
from qianhang.runs.studies import desk
from qianhang.web.api import ROUTES
from qianhang.web.described import described

from .browser import money
from .browser.conftest import SCENARIO, _model, _network

schemathesis = pytest.importorskip("schemathesis")
# What a shape cannot say (a scenario that exists, a case that it has) is refused all the same.
LEFT_OUT = {"positive_data_acceptance"}
# What "name" is of in an address.
NAMED = {"datasets": "whas500", "models": SCENARIO, "statements": "root"}
FEW = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
checks = [c for c in schemathesis.checks.CHECKS.get_all() if c.__name__ not in LEFT_OUT]


def _operations():
    bare = FastAPI()
    for routes in ROUTES:
        bare.include_router(routes.router)
    return [(path, method) for path, told in described(bare)["paths"].items() for method in told]


@pytest.fixture(scope="module")
def api(tmp_path_factory, empty_home, web):
    """The API with a plan and a run, and the key of somebody who may do everything."""
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("schema") / "home")
    # A study is kept and not carried out: each would be a process of its own.
    idle = pytest.MonkeyPatch.context()
    with idle as patch, web.opened(home) as site:
        patch.setattr(desk, "launch", lambda settings, store, study: None)
        client = web.signer(site)(*ROLES, scopes=SCOPES)
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site.app)
        key, known = client.headers["authorization"], _happened(site, client)
        yield types.SimpleNamespace(schema=schema, key=key, known=known)


def _happened(site, client):
    """What places in addresses stand for on a console on which something of each kind has happened.

    The account is not the one that asks, nor is the key its own: both may be ended.
    """
    now = datetime.now(UTC)
    site.org("spare")
    site.plan()
    rows = io.BytesIO()
    hours = pd.date_range("2024-01-01", periods=400, freq="h", tz="UTC", name="time")
    pd.DataFrame({"p50": 1.5, "actual": 2.5}, index=hours).to_parquet(rows)
    tables = {"forecast": site.store.files.put(rows.getvalue())}
    run = site.run(scenario="energy.load_forecast", case="vic", tables=tables).id
    job, application = _network(site.store, site.home, at=now)
    _model(site.store, run, at=now)
    money.earn(site.store)

    def made(path, **body):
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    made("plans/P1/bulletins", period="2026")
    made("plans/P1/bulletins/1/publication", public=True)
    made("plans/P1/decisions", text="复核数据", owner="李娜")
    figures = client.get(f"/api/v1/runs/{run}/figures").json()["items"]
    account = made("accounts", login="spare", name="备用", org="spare")["account"]["id"]
    return {
        "account": account, "org": "spare", "run_id": run, "other_id": run, "table": "forecast",
        "figure": figures[0]["key"], "job_id": job, "application_id": application, "version": 1,
        "plan": "P1", "code": "T1", "pool_id": "here", "month": "2026-03", "attempt": "a-1",
        "epoch": 0, "sequence": 0, "number": 1, "programme": "plain",
        "scenario": SCENARIO, "kind": "org",
        "key": made("keys", name="spare", scopes=["read"])["key"]["id"],
        "ask_id": made("asks", scenario="energy.load_forecast")["id"],
        "ref": made("portal/complaints", kind="error", text="数值不符。")["ref"],
        "seq": made("plans/P1/targets/T1/evidence", value=1)["seq"],
    }  # fmt: skip


def tried(operation, check, modes=tuple(schemathesis.GenerationMode)):
    """Examples of the description, then sound and unsound requests made up for it."""
    for strategy in operation.get_strategies_from_examples():
        settings(FEW, max_examples=1)(given(strategy)(check))()
    for mode in modes:
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            FEW(given(strategy)(check))()
        except schemathesis.errors.SchemathesisError as nothing_to_break:
            if mode is schemathesis.GenerationMode.POSITIVE:
                raise nothing_to_break


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), _operations())
def test_whoever_may_do_everything_meets_no_fault_and_nothing_undescribed(api, path, method):
    def check(case):
        """Sound requests are of things that are there; what is unsound stays as it was made up."""
        if case.meta is None or case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE:
            known = api.known | {"name": NAMED.get(path.split("/")[3])}
            case.path_parameters |= {
                n: known[n] for n in case.path_parameters if known.get(n) is not None
            }
        case.call_and_validate(headers={"Authorization": api.key}, checks=checks)

    tried(api.schema[path][method.upper()], check)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), _operations())
def test_a_stranger_meets_no_fault_and_nothing_undescribed(api, path, method):
    public = path.startswith("/api/v1/portal/")

    def check(case):
        answer = case.call(headers={"Sec-Fetch-Site": "same-origin"})
        case.validate_response(answer, checks=checks)
        assert public or answer.status_code in (401, 405)

    sound = (schemathesis.GenerationMode.POSITIVE,)  # nothing of an unsound one is read either
    tried(api.schema[path][method.upper()], check, sound)
