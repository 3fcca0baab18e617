"""The API against its own description: whatever is sent, no 5xx and nothing undescribed comes."""

import shutil
import types

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from qianhang.access import ROLES, SCOPES
from qianhang.runs.studies import desk
from qianhang.web.api import ROUTES
from qianhang.web.described import described

schemathesis = pytest.importorskip("schemathesis")
# What a shape cannot say (a scenario that exists, a case that it has) is refused all the same.
LEFT_OUT = {"positive_data_acceptance"}
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
        site.plan()
        run = site.run()
        key = web.signer(site)(*ROLES, scopes=SCOPES).headers["authorization"]
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site.app)
        yield types.SimpleNamespace(schema=schema, key=key, run=run.id)


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
        if "run_id" in case.path_parameters:
            case.path_parameters["run_id"] = api.run
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
