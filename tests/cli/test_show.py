"""`qianhang show --log` has something to say of every run, the failed ones above all."""

from datetime import UTC, datetime

from click.testing import CliRunner

from qianhang.cli.runs import show_command
from qianhang.runs import record, workplace
from qianhang.store import Settings

NOW = datetime(2026, 1, 3, 4, tzinfo=UTC)


def failed(home):
    with workplace.open_store(Settings.load()) as store:
        begun = record.begin(
            store, key="k", scenario="water.leak_detection", case="a", request={}, now=NOW
        )
        with store.write() as tx:
            error = {"error": {"code": "QH511", "message": "out of memory"}}
            record.close(tx, begun, state="failed", result=error, now=NOW)
    return begun


def test_the_log_of_a_failed_run_is_read_where_its_job_left_it(home):
    run = failed(home)
    folder = home / "jobs" / f"run-{run.id}"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text('reading\n\x1eqh {"step": "trial"}\nMemoryError\n')
    shown = CliRunner().invoke(show_command, [run.id, "--log"])
    assert (shown.exit_code, shown.output) == (0, "reading\nMemoryError\n")


def test_a_run_whose_log_is_gone_shows_an_empty_one(home):
    shown = CliRunner().invoke(show_command, [failed(home).id, "--log"])
    assert (shown.exit_code, shown.output) == (0, "\n")
