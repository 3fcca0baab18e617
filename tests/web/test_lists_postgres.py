"""The lists on PostgreSQL, whose statements go straight to its driver as SQLite's do."""

import uuid
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from qianhang.compute.door import jobs, plant
from qianhang.store import Settings
from qianhang.testing.door_bed import network, put
from qianhang.web.app import create_app

from .conftest import SAME, Site, now, signer

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def postgres(postgres_server, tmp_path_factory):
    """The console over an empty database with five counties, a pool, a job of each, a run, a plan."""
    name, home = f"t{uuid.uuid4().hex}", tmp_path_factory.mktemp("postgres")
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={postgres_server}")
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    url = f"postgresql://me@/{name}?host={postgres_server}"
    app = create_app(Settings(home=home, database_url=url), slots=0, rate=10**6)
    with TestClient(app, headers=SAME) as client:
        site = Site(app, client)
        plant.add(site.store, network(home, "p1"), by="t", at=now())
        for number in range(5):
            put(site.store, now, org=site.org(f"o{number}"), name=f"job {number}")
        site.run()
        site.plan()
        sign = signer(site)
        yield SimpleNamespace(store=site.store, sign=sign)


@pytest.mark.parametrize(
    "path",
    [
        "/runs", "/runs?state=finished&scenario=water.leak_detection", "/runs?before=2099~x",
        "/scenarios", "/plans", "/compute", "/compute/jobs", "/compute/jobs?state=any",
        "/compute/jobs?state=any&org=o1&pool=p1&project=x&before=2099~x", "/compute/mine", "/bills",
        "/vouchers", "/api/v1/runs", "/api/v1/compute/jobs",
    ],
)  # fmt: skip
@pytest.mark.parametrize("org", ["root", "o1"])
def test_a_list_answers_whoever_covers_much_or_little(postgres, path, org):
    scopes = ("read",) if path.startswith("/api") else None
    answer = postgres.sign("viewer", "developer", org=org, scopes=scopes).get(path)
    assert answer.status_code == 200


def test_jobs_are_those_of_the_reader(postgres):
    every = [one.job.name for one in jobs.listed(postgres.store)]
    assert len(every) == 5
    page = postgres.sign("viewer").get("/compute/jobs?state=any").text
    assert all(name in page for name in every)
    page = postgres.sign("viewer", org="o1").get("/compute/jobs?state=any").text
    assert [name for name in every if name in page] == ["job 1"]
