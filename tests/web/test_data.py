"""Data sets: found, described, joined with the runs that the reader may see."""

from qianhang import data
from qianhang.core.day import day_of
from qianhang.plan.evidence import Observation, observe

from .conftest import now


def test_every_registered_set_is_listed_and_found_by_its_words(signed):
    client = signed("viewer")
    page = client.get("/data").text
    assert all(f'href="/data/{name}"' in page for name in data.names())
    found = client.get("/data?q=anytown").text
    assert 'href="/data/water-pump-anytown"' in found
    assert found.count('<th scope="row"') == 1
    assert 'href="/data/water-pump-anytown"' not in client.get("/data?class=N").text


def test_a_set_shows_source_licence_columns_and_scenarios(signed):
    page = signed("viewer").get("/data/policy-legal-qa").text
    one = data.dataset("policy-legal-qa")
    assert one.licence in page
    assert "/scenarios/government.policy_qa" in page
    assert "<code>question</code>" in page


def test_every_set_has_a_page_in_both_languages(signed):
    client = signed("viewer")
    for lang in ("zh", "en"):
        client.cookies.set("qh-lang", lang)
        assert {client.get(f"/data/{n}").status_code for n in data.names()} == {200}


def test_an_unknown_set_is_not_found(signed):
    client = signed("viewer")
    for name in ("none", "..%2f..%2fetc", "<script>"):
        answer = client.get(f"/data/{name}")
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text


def test_only_a_steward_has_the_files_checked(signed):
    assert signed("viewer").post("/data/coal-ash-robena/check").status_code == 403
    answer = signed("data_steward").post("/data/coal-ash-robena/check")
    assert answer.status_code == 200
    assert "state good" in answer.text or "state none" in answer.text


def test_runs_of_another_organisation_are_not_shown(site, signed):
    site.org("alpha", kind="company")
    site.org("beta", kind="company")
    run = site.run(org="alpha")
    name = "ltown-twin"
    assert run.id in signed("viewer", org="alpha").get(f"/data/{name}").text
    assert run.id not in signed("viewer", org="beta").get(f"/data/{name}").text
    assert run.id not in signed("viewer", org="beta").get("/data").text


def test_a_run_on_own_data_says_nothing_of_the_registered_set(site, signed):
    run = site.run(own="mine.csv")
    assert run.id not in signed("viewer").get("/data/ltown-twin").text


def test_the_list_shows_what_the_log_last_says_of_a_set(site, signed):
    """Two records of one set: the newer one counts; records of other things do not."""
    run = site.run()
    with site.store.write() as tx:
        for contract, quality in (("failed", ""), ("passed", "good")):
            seen = Observation(
                "dataset", "jura-metals", day_of(now()),
                facts={"contract": contract, "quality": quality},
            )  # fmt: skip
            observe(tx, seen, grade="A", by=f"run {run.id}", at=now())
    page = signed("viewer").get("/data?q=jura-metals").text
    assert f"/runs/{run.id}" in page
    assert "✓" in page
    assert "✗" not in page
    assert ">good<" in page
