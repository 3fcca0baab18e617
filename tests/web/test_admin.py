"""Administration: what an administrator sees and may do, and where that ends."""

import json
import re
import tarfile
from datetime import UTC, datetime

import pytest

pytest.importorskip("fastapi")

from qianhang.access import accounts, keys, organisations, sessions
from qianhang.access.person import Grant
from qianhang.access.trail import trail
from qianhang.runs import copies
from qianhang.store import Settings

PASSWORD = "a long and quiet sentence"
PAGES = ("organisations", "people", "log", "settings")


def now():
    return datetime.now(UTC)


@pytest.fixture
def tenants(site, signed):
    """Two sealed companies below one city, each with an administrator -> their clients."""
    site.org("east", kind="city")
    for name in ("acme", "umbra"):
        site.org(name, parent="east", kind="company", sealed=True)
    return signed("administrator", org="acme"), signed("administrator", org="umbra")


def add(site, login, *grants, org="root", **more):
    with site.store.write() as tx:
        return accounts.create(
            tx, login, name=f"name of {login}", org=org, by="t", at=now(),
            grants=[Grant(*g) for g in grants], **more,
        )  # fmt: skip


def post(client, path, **form):
    return client.post(f"/admin/{path}", data=form, follow_redirects=False)


def link_in(answer):
    return re.search(r"/ticket/[\w-]{40,}", answer.text)


def grants(site, account):
    return {(g.org, g.role) for g in accounts.find(site.store, account).grants}


@pytest.mark.parametrize("page", [*PAGES, "backup"])
def test_pages_of_administration_open_to_administrators_only(site, signed, page):
    assert signed("administrator").get(f"/admin/{page}").status_code == 200
    assert signed("programme_office").get(f"/admin/{page}").status_code == 403
    site.client.cookies.clear()
    assert site.client.get(f"/admin/{page}", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", [*PAGES, "backup"])
def test_pages_are_whole_in_both_languages_and_carry_no_inline_style(signed, page, lang):
    client = signed("administrator")
    client.cookies.set("qh-lang", lang)
    text = client.get(f"/admin/{page}").text
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in text
    assert " style=" not in text
    assert " onclick=" not in text
    said = re.sub(r"<option[^>]*>[^<]*</option>|<button[^>]*lang=[^>]*>.*?</button>", "", text)
    if lang == "en":
        body = said.partition("<main")[2].partition("</main>")[0]
        assert [c for c in body if "\u4e00" <= c <= "\u9fff" and c not in "本平台中文"] == []


def test_two_sealed_tenants_do_not_see_each_other(site, tenants):
    acme, umbra = tenants
    theirs = add(site, "secret.person", org="umbra")
    for path in ("organisations", "people", "log", "settings", "log/download"):
        text = acme.get(f"/admin/{path}").text
        assert "umbra" not in text, path
        assert "secret.person" not in text, path
        assert umbra.account not in text, path
    assert "secret.person" in umbra.get("/admin/people").text
    for path in (f"people/{theirs.id}", f"people/{umbra.account}", "organisations?org=umbra"):
        assert acme.get(f"/admin/{path}").status_code == 404, path


def test_a_tenant_changes_nothing_of_another_by_any_form(site, tenants):
    acme, _ = tenants
    theirs = add(site, "secret.person", ("umbra", "viewer"), org="umbra")
    with site.store.write() as tx:
        made, _ = keys.create_key(
            tx,
            theirs.id,
            name="k",
            scopes=["read"],
            expires=now().replace(year=2100),
            by="t",
            at=now(),
        )
    before = site.store.verify().anchor
    forms = [
        (f"people/{theirs.id}/{act}", form)
        for act, form in [
            ("details", {"name": "x", "org": "acme"}), ("grants", {"org": "acme", "role": "viewer"}),
            ("grants/end", {"org": "umbra", "role": "viewer"}), ("link", {}), ("unlock", {}),
            ("disable", {}), ("enable", {}), ("sessions/end", {}), ("keys/end", {"key": made.id}),
        ]
    ]  # fmt: skip
    forms += [
        (f"organisations/umbra/{act}", {"name": "x", "parent": "acme", "sealed": "no"})
        for act in ("rename", "move", "seal", "delete")
    ]
    forms += [("organisations", {"parent": "umbra", "name": "x", "kind": "other"})]
    forms += [("organisations/acme/move", {"parent": "umbra"})]
    forms += [("people", {"login": "spy", "name": "x", "org": "umbra", "role": "administrator"})]
    for path, form in forms:
        assert post(acme, path, **form).status_code == 404, path
    assert site.store.verify().anchor == before


def test_the_platforms_administrator_does_not_reach_into_a_sealed_tenant(site, signed, tenants):
    root, inside = signed("administrator"), add(site, "inside", org="acme")
    assert "inside" not in root.get("/admin/people").text
    assert root.get(f"/admin/people/{inside.id}").status_code == 404
    assert post(root, f"people/{inside.id}/link").status_code == 404
    text = root.get("/admin/log?what=all").text
    assert "name of inside" not in text
    told = [json.loads(x) for x in root.get("/admin/log/download").text.splitlines()]
    closed = [x for x in told if x.get("closed")]
    assert len(told) == site.store.verify().records
    assert closed
    assert {(x["subject"], *x["payload"]) for x in closed} == {("",)}


def test_an_organisation_is_added_renamed_moved_and_deleted(site, signed):
    client = signed("administrator")
    for name in ("east", "west"):
        site.org(name, kind="city")
    post(client, "organisations", parent="east", name="水务局", kind="department")
    made = next(o for o in organisations.organisations(site.store) if o.name == "水务局")
    assert (made.parent, made.sealed) == ("east", False)
    assert post(client, f"organisations/{made.id}/rename", name="水利局").status_code == 303
    assert post(client, f"organisations/{made.id}/move", parent="west").status_code == 303
    found = organisations.find_organisation(site.store, made.id)
    assert (found.name, found.parent) == ("水利局", "west")
    assert post(client, f"organisations/{made.id}/delete").status_code == 303
    assert made.id not in {o.id for o in organisations.organisations(site.store)}


def test_a_sealed_organisation_needs_an_administrator_of_its_own(site, signed):
    client = signed("administrator")
    form = {"parent": "root", "name": "远大公司", "kind": "company"}
    refused = post(client, "organisations", **form)
    assert (refused.status_code, "QH869" in refused.text) == (400, True)
    made = post(client, "organisations", **form, login="boss", person="王总")
    assert made.status_code == 200
    assert link_in(made)
    boss = accounts.find(site.store, "boss")
    assert grants(site, "boss") == {(boss.org, "administrator")}
    assert "远大公司" not in client.get("/admin/organisations").text


def test_an_organisation_is_sealed_only_once_it_has_an_administrator(site, signed):
    client = signed("administrator")
    site.org("bureau", kind="department")
    assert "QH869" in post(client, "organisations/bureau/seal", sealed="yes").text
    add(site, "chief", ("bureau", "administrator"), org="bureau")
    assert post(client, "organisations/bureau/seal", sealed="yes").status_code == 303
    assert organisations.find_organisation(site.store, "bureau").sealed
    assert post(client, "organisations/bureau/seal", sealed="no").status_code == 404


@pytest.mark.parametrize("noun", ["run", "plan"])
def test_an_organisation_that_keeps_something_is_not_deleted(site, signed, noun):
    site.org("bureau", kind="department")
    getattr(site, noun)(org="bureau")
    answer = post(signed("administrator"), "organisations/bureau/delete")
    assert (answer.status_code, noun in answer.text) == (400, True)


def test_an_invitation_is_shown_once_and_lets_the_person_choose_a_password(site, signed):
    client = signed("administrator")
    made = post(client, "people", login="li.na", name="李娜", org="root", role="developer")
    link = link_in(made)[0]
    account = accounts.find(site.store, "li.na")
    assert (account.state, grants(site, "li.na")) == ("invited", {("root", "developer")})
    assert link.rpartition("/")[2] not in client.get(f"/admin/people/{account.id}").text
    assert link.rpartition("/")[2] not in client.get("/admin/log/download").text
    used = site.another().post(link, data={"password": PASSWORD, "again": PASSWORD})
    assert used.status_code == 200
    assert accounts.find(site.store, "li.na").state == "active"


def test_what_was_typed_is_there_again_beside_the_error(site, signed):
    answer = post(signed("administrator"), "people", login="!", name="李娜", org="root")
    assert (answer.status_code, "QH864" in answer.text, 'value="李娜"' in answer.text) == (
        400,
        True,
        True,
    )
    assert len(accounts.accounts(site.store)) == 1


def test_roles_are_given_and_taken_back(site, signed):
    client, one = signed("administrator"), add(site, "li.na")
    site.org("east")
    path = f"people/{one.id}/grants"
    assert post(client, path, org="east", role="viewer").status_code == 303
    assert grants(site, "li.na") == {("east", "viewer")}
    assert post(client, f"{path}/end", org="east", role="viewer").status_code == 303
    assert grants(site, "li.na") == set()
    assert post(client, path, org="east", role="king").status_code == 400


def test_a_countys_administrator_does_not_become_somebody_of_the_province(site, signed):
    """An account that also has a role above is not reset, nor given roles, from below."""
    site.org("county")
    client = signed("administrator", org="county")
    one = add(site, "two.hats", ("root", "administrator"), ("county", "viewer"), org="county")
    page = client.get(f"/admin/people/{one.id}")
    assert page.status_code == 200
    assert "/link" not in page.text
    for act, form in (("link", {}), ("disable", {}), ("sessions/end", {}), ("unlock", {}),
                      ("grants", {"org": "county", "role": "developer"})):  # fmt: skip
        assert post(client, f"people/{one.id}/{act}", **form).status_code == 403, act
    given = post(client, f"people/{one.id}/grants/end", org="county", role="viewer")
    assert given.status_code == 303
    assert grants(site, "two.hats") == {("root", "administrator")}
    assert (
        post(client, f"people/{one.id}/grants/end", org="root", role="administrator").status_code
        == 404
    )


def test_nobody_gives_a_role_where_they_do_not_administer(site, signed):
    site.org("county")
    client, one = signed("administrator", org="county"), add(site, "li.na", org="county")
    assert post(client, f"people/{one.id}/grants", org="root", role="viewer").status_code == 404
    assert post(client, f"people/{one.id}/details", name="x", org="root").status_code == 404
    assert (
        post(
            client, f"people/{client.account}/grants", org="root", role="administrator"
        ).status_code
        == 404
    )


def test_an_account_is_disabled_enabled_and_unlocked(site, signed):
    client, one = signed("administrator"), add(site, "li.na", password=PASSWORD)
    for act, state in (("disable", "disabled"), ("enable", "active")):
        assert post(client, f"people/{one.id}/{act}").status_code == 303
        assert accounts.find(site.store, "li.na").state == state
    with site.store.write() as tx:
        accounts.lock(tx, one.id, until=now().replace(year=2100), by="t", at=now())
    assert "2100" in client.get(f"/admin/people/{one.id}").text
    assert post(client, f"people/{one.id}/unlock").status_code == 303
    assert accounts.find(site.store, "li.na").locked_until == ""


def test_sessions_and_keys_of_others_are_ended(site, signed):
    client, other = signed("administrator"), signed("viewer")
    with site.store.write() as tx:
        made, _ = keys.create_key(
            tx,
            other.account,
            name="k",
            scopes=["read"],
            expires=now().replace(year=2100),
            by="t",
            at=now(),
        )
    page = client.get(f"/admin/people/{other.account}").text
    assert made.id in page
    assert post(client, f"people/{other.account}/keys/end", key=made.id).status_code == 303
    assert keys.keys(site.store, other.account) == ()
    one = sessions.sessions(site.store, other.account)[0]
    assert post(client, f"people/{other.account}/sessions/end", session=one.id).status_code == 303
    assert other.get("/account", follow_redirects=False).status_code == 303


def test_who_changes_their_own_roles_signs_in_again(site, signed):
    client = signed("administrator")
    page = client.get(f"/admin/people/{client.account}").text
    assert "退出登录" in page
    done = post(client, f"people/{client.account}/grants", org="root", role="developer")
    assert done.headers["location"] == "/sign-in"
    assert (
        client.get("/admin/people", follow_redirects=False)
        .headers["location"]
        .startswith("/sign-in")
    )


def test_the_last_administrator_stays(site, signed):
    client = signed("administrator")
    path = f"people/{client.account}"
    assert post(client, f"{path}/disable").status_code == 400
    assert post(client, f"{path}/grants/end", org="root", role="administrator").status_code == 400
    assert client.get("/admin/people").status_code == 200


def test_people_are_listed_fifty_a_page_and_found_by_login_or_name(site, signed):
    client = signed("administrator")
    with site.store.write() as tx:
        for n in range(120):
            accounts.create(tx, f"user{n:03d}", name=f"张三{n:03d}", by="t", at=now())
    rows = [len(re.findall(r"/admin/people/[0-9a-f]{12}", client.get(f"/admin/people?page={n}").text))
            for n in (1, 2, 3, 4)]  # fmt: skip
    assert rows == [50, 50, 21, 0]
    assert re.findall("user0[0-9]{2}", client.get("/admin/people?q=USER007").text) == ["user007"]
    assert re.findall("user[0-9]{3}", client.get("/admin/people?q=张三119").text) == ["user119"]
    for odd in ("page=x", "page=0", "page=99999999999", "q=%25", "q=_", "org=nowhere"):
        assert client.get(f"/admin/people?{odd}").status_code == 200, odd
    assert not re.findall("user[0-9]{3}", client.get("/admin/people?q=%25").text)


def test_the_log_is_verified_and_shows_its_anchor(site, signed):
    client = signed("administrator")
    text = post(client, "log/verify").text
    assert site.store.verify().anchor in text
    site.org("county")
    assert post(signed("administrator", org="county"), "log/verify").status_code == 403


def test_a_log_that_was_changed_is_shown_as_broken(site, signed):
    client = signed("administrator")
    with site.store.write() as tx:
        find = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log'"
        for (name,) in tx.connection.exec_driver_sql(find).all():
            tx.connection.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.connection.exec_driver_sql("UPDATE log SET subject = 'another' WHERE seq = 1")
    assert "record 1 was changed" in post(client, "log/verify").text


def test_the_log_has_fifty_records_a_page_and_an_end(site, signed):
    client = signed("administrator")
    with site.store.write() as tx:
        for n in range(120):
            tx.append("run.test", f"r{n}", payload={"n": n}, at=now())
    seen, path = [], "/admin/log?what=all"
    while path:
        text = client.get(path).text
        seen.append(len(re.findall(r'<tr><td class="num broad-only">', text)))
        more = re.search(r'href="(/admin/log\?[^"]*before=[^"]*)"', text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen[:2] == [50, 50]
    assert sum(seen) == site.store.verify().records


def test_a_record_is_shown_as_text_whatever_it_holds(site, signed):
    client = signed("administrator")
    with site.store.write() as tx:
        payload = {"note": "<script>alert(1)</script>", "by": "<b>", "what": "</td>"}
        tx.append("run.<i>", "<img src=x>", payload=payload, at=now())
    text = client.get("/admin/log?what=all").text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_backup_is_downloaded_by_the_platforms_administrator_and_noted(site, signed, tmp_path):
    answer = signed("administrator", proved=True).post("/admin/backup")
    assert answer.headers["content-disposition"].startswith("attachment")
    path = tmp_path / "down.tar"
    path.write_bytes(answer.content)
    with tarfile.open(path) as archive:
        assert "manifest.json" in archive.getnames()
    assert copies.take_back(Settings(home=tmp_path / "other"), path).ok
    assert trail(site.store, subject="store")[0].kind == "access.backup"


def test_the_page_tells_how_much_people_sent_before_it_goes_into_a_backup(site, signed):
    place = site.app.state.site.settings.home / "uploads" / "root" / "0a1b" / "flow.csv"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"h" * 2048)
    client = signed("administrator", proved=True)
    assert "1 个文件，2.05 kB" in client.get("/admin/backup").text
    path = place.parents[3] / "down.tar"
    path.write_bytes(client.post("/admin/backup").content)
    with tarfile.open(path) as archive:
        assert archive.extractfile("uploads/root/0a1b/flow.csv").read() == b"h" * 2048


def test_no_other_administrator_downloads_a_backup(site, signed):
    site.org("county")
    client = signed("administrator", org="county")
    assert client.get("/admin/backup").status_code == 403
    assert client.post("/admin/backup").status_code == 403
    assert "/admin/backup" not in client.get("/admin/people").text


def test_who_has_a_password_gives_it_for_a_backup(site):
    add(site, "boss", ("root", "administrator"), password=PASSWORD)
    client = site.another()
    client.post("/sign-in", data={"login": "boss", "password": PASSWORD})
    refused = client.post("/admin/backup", data={"password": "wrong"})
    assert (refused.status_code, "QH901" in refused.text) == (401, True)
    taken = client.post("/admin/backup", data={"password": PASSWORD})
    assert taken.headers["content-type"] == "application/x-tar"


def test_settings_show_where_each_comes_from_and_nothing_secret(site, signed, monkeypatch):
    text = signed("administrator").get("/admin/settings").text
    for name, _, _ in site.app.state.site.settings.shown():
        assert name in text
    site.org("county")
    assert "QIANHANG_HOME" not in signed("administrator", org="county").get("/admin/settings").text
