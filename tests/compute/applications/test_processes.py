"""Applications from several processes at once, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from qianhang.compute.applications import application, desk, period
from qianhang.compute.door import quotas
from qianhang.core.errors import UsageError
from qianhang.store import Store

DAY = 86400.0


@pytest.fixture
def opened(shared, parts):
    """A store on the database that the processes share."""
    with Store.open(shared, parts=parts) as found:
        yield found


def test_of_the_same_application_sent_at_once_one_comes_in(race, opened, now, wish):
    def send(store, _):
        try:
            desk.send(store, wish(), by="ann", at=now())
        except UsageError as cause:
            return 1 if cause.code == "QH525" else 2
        return 0

    assert race(send) == [0, 1, 1, 1]
    assert len(application.listed(opened)) == 1


def test_two_approvals_that_begin_at_once_give_the_larger_and_end_with_the_quota_before(
    race, opened, now, wish
):
    """One begins with its first day, the other as it is approved, in other processes."""
    tomorrow = now().date() + timedelta(1)
    early = desk.send(opened, wish(2, first=tomorrow, chips=5), by="ann", at=now()).id
    desk.approve(opened, early, by="ops", at=now())
    at = now(DAY)
    late = desk.send(opened, wish(1, chips=3), by="ann", at=at).id

    def begin(store, number):
        if number == 0:
            return 0 if desk.approve(store, late, by="ops", at=at).state == "active" else 1
        period.turn(store, at)
        return 0

    assert race(begin) == [0, 0, 0, 0]
    with opened.read() as connection:
        assert quotas.standing(connection, "team", "vision") == 5
    period.turn(opened, now(2 * DAY))
    with opened.read() as connection:
        assert quotas.standing(connection, "team", "vision") == quotas.CLOSED


def test_of_an_application_that_is_due_one_process_tells(race, opened, now, wish):
    name = desk.send(opened, wish(), by="ann", at=now()).id
    at = now(40 * DAY)
    assert race(lambda store, _: period.turn(store, at)) == [0, 0, 0, 1]
    assert application.get(opened, name).state == "lapsed"
