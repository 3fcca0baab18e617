"""The tree of organisations. The one of the tests, * sealed:

root ─ city ─ county ─ school
     │      └ hospital* ─ ward
     │                  └ clinic*
     └ firm*
"""

import pytest

from qianhang.access import accounts, organisations
from qianhang.access.person import resolve
from qianhang.core.errors import UsageError
from qianhang.store import Store


@pytest.fixture
def tree(org, store):
    org("city", "city")
    org("county", "county", "city")
    org("school", "school", "county")
    org("hospital", "hospital", "city")
    org("ward", "department", "hospital")
    org("clinic", "hospital", "hospital")
    org("firm", "company")
    return lambda: organisations.tree(store)


@pytest.mark.parametrize(
    ("where", "reached"),
    [
        ("root", {"root", "city", "county", "school"}),
        ("city", {"city", "county", "school"}),
        ("school", {"school"}),
        ("hospital", {"hospital", "ward"}),
        ("ward", {"ward"}),
        ("firm", {"firm"}),
        ("nowhere", set()),
    ],
)
def test_a_grant_reaches_what_is_below_and_stops_at_what_is_sealed(tree, where, reached):
    assert tree().covers(where) == reached


def test_above_a_sealed_one_stand_its_ancestors_all_the_same(tree, store):
    assert tree().above("ward") == ("ward", "hospital", "city", "root")
    names = [o.id for o in organisations.path(store, "ward")]
    assert names == ["root", "city", "hospital", "ward"]


@pytest.mark.parametrize(
    ("kind", "sealed"),
    [("company", True), ("hospital", True), ("bank", True), ("city", False), ("school", False)],
)
def test_companies_hospitals_and_banks_are_sealed_unless_they_say_so(org, store, kind, sealed):
    assert organisations.find_organisation(store, org("one", kind)).sealed is sealed
    open_ = org("two", kind, sealed=False)
    assert not organisations.find_organisation(store, open_).sealed


def test_an_opened_hospital_is_reached_and_its_sealed_clinic_is_not(tree, store, now):
    with store.write() as tx:
        organisations.seal_organisation(tx, "hospital", sealed=False, by="t", at=now)
    assert tree().covers("city") == {"city", "county", "school", "hospital", "ward"}


@pytest.mark.parametrize("parent", ["city", "county", "school", "ward"])
def test_nothing_is_moved_below_itself(tree, store, now, parent):
    with pytest.raises(UsageError, match="below itself"), store.write() as tx:
        organisations.move_organisation(tx, "city", parent=parent, by="t", at=now)
    assert tree().above("city") == ("city", "root")


def test_what_is_moved_takes_along_what_is_below_it(tree, store, now):
    with store.write() as tx:
        organisations.move_organisation(tx, "county", parent="firm", by="t", at=now)
    assert tree().covers("firm") == {"firm", "county", "school"}
    assert tree().covers("city") == {"city"}


def test_two_moves_at_once_make_no_circle(opened, race, now):
    """a under b and b under a: whichever comes second is refused."""
    with opened().write() as tx:
        for name in ("a", "b"):
            organisations.add_organisation(tx, name, kind="city", org=name, by="t", at=now)

    def work(store, number):
        one, other = ("a", "b") if number else ("b", "a")
        try:
            with store.write() as tx:
                organisations.move_organisation(tx, one, parent=other, by="t", at=now)
        except UsageError:
            return 3
        return 0

    assert race(work, 2) == [0, 3]


@pytest.mark.parametrize("act", ["move", "delete", "seal"])
def test_the_platform_itself_stays_where_it_is(tree, store, now, act):
    do = {
        "move": lambda tx: organisations.move_organisation(
            tx, "root", parent="city", by="t", at=now
        ),
        "delete": lambda tx: organisations.delete_organisation(tx, "root", by="t", at=now),
        "seal": lambda tx: organisations.seal_organisation(tx, "root", sealed=True, by="t", at=now),
    }
    with pytest.raises(UsageError) as caught, store.write() as tx:
        do[act](tx)
    assert caught.value.code == "QH863"


def test_what_is_in_use_is_not_deleted_and_what_is_not_is(tree, store, member, now):
    def gone(org, **more):
        with store.write() as tx:
            organisations.delete_organisation(tx, org, by="t", at=now, **more)

    with pytest.raises(UsageError, match="organisation"):
        gone("city")
    li = member("li", ("school", "viewer"), org="firm")
    with pytest.raises(UsageError, match="account"):
        gone("firm")
    with pytest.raises(UsageError, match="grant"):
        gone("school")
    with pytest.raises(UsageError, match="3 runs"):
        gone("ward", held=["3 runs"])
    gone("ward")
    assert "ward" not in tree().organisations
    assert li.org == "firm"


@pytest.mark.parametrize(
    ("name", "more"),
    [("", {}), ("x", {"kind": "planet"}), ("x", {"parent": "nowhere"}), ("city", {}),
     ("x", {"org": "../etc"}), ("x", {"org": "root"})],
)  # fmt: skip
def test_an_organisation_that_cannot_be_is_refused(tree, store, now, name, more):
    values = {"kind": "city", "by": "t", "at": now} | more
    with pytest.raises(UsageError), store.write() as tx:
        organisations.add_organisation(tx, name, **values)
    assert len(tree().organisations) == 8


def test_a_process_sees_what_another_did_to_the_tree(opened, now):
    here, there = opened(), opened()
    assert "city" not in organisations.tree(here).organisations
    with there.write() as tx:
        organisations.add_organisation(tx, "city", kind="city", org="city", by="t", at=now)
    assert organisations.tree(here).covers("root") == {"root", "city"}


def test_a_change_that_was_undone_is_not_seen(store, now):
    before = organisations.tree(store)

    def undone():
        with store.write() as tx:
            organisations.add_organisation(tx, "city", kind="city", org="city", by="t", at=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert organisations.tree(store) == before


def test_each_role_covers_what_was_granted_and_every_role_is_a_viewer(tree, member):
    li = member("li", ("city", "developer"), ("hospital", "data_steward"), org="ward")
    person = resolve(li, tree())
    assert person.may("developer", "school")
    assert not person.may("developer", "hospital")
    assert person.may("data_steward", "ward")
    assert not person.may("data_steward", "clinic")
    assert person.covers == {"city", "county", "school", "hospital", "ward"}
    assert person.may("viewer", "ward")
    assert not person.may("viewer", "root")
    assert person.above == ("ward", "hospital", "city", "root")


def test_an_administrator_is_nothing_else_and_nobody_is_nothing(tree, member):
    person = resolve(member("li", ("root", "administrator")), tree())
    assert list(person.orgs_by_role) == ["administrator", "viewer"]
    nobody = resolve(member("wang", org="city"), tree())
    assert nobody.covers == frozenset()
    assert not nobody.may("viewer")


@pytest.mark.parametrize(
    ("login", "managed"),
    [("in_city", True), ("in_school", True), ("in_hospital", False), ("mayor", False),
     ("doctor", False)],
)  # fmt: skip
def test_who_administers_a_city_manages_no_account_with_a_role_elsewhere(
    tree, member, login, managed
):
    every = [
        member("in_city", ("city", "developer"), org="city"),
        member("in_school", org="school"),
        member("in_hospital", org="hospital"),
        member("mayor", ("city", "viewer"), ("root", "administrator"), org="city"),
        member("doctor", ("hospital", "viewer"), org="city"),
    ]
    person = resolve(member("chief", ("city", "administrator"), ("root", "viewer")), tree())
    assert [person.manages(a) for a in every if a.login == login] == [managed]


def test_rights_follow_the_tree_at_once(tree, store, member, now):
    li = member("li", ("city", "viewer"))
    with store.write() as tx:
        organisations.move_organisation(tx, "county", parent="root", by="t", at=now)
    assert resolve(accounts.find(store, li.id), tree()).covers == {"city"}


def test_the_copy_of_one_store_is_not_that_of_another(tree, tmp_path):
    from qianhang.access import schema
    from qianhang.store import Settings

    with Store.open(Settings(home=tmp_path / "other"), parts=(schema.PART,)) as other:
        assert len(organisations.organisations(other)) == 1
    assert len(tree().organisations) == 8
