"""What people do in the console, with mouse and keyboard, while the server may be restarted."""

import json
import re
import shutil
from datetime import UTC, datetime

import pytest

pytest.importorskip("fastapi")

FORM = "/scenarios/ecology.carbon_inventory"


def asks_for_run(one, path, **typed):
    """Fill in the scenario's form with a file and send it."""
    page = one.page
    assert one.open(FORM) == 200
    page.select_option("#case", "own")
    page.set_input_files("#files", path)
    if typed:
        page.locator("form details summary").click()
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    page.locator(f'form[action="{FORM}/runs"] button').click()
    page.wait_for_url("**/runs/asks/*")


@pytest.fixture
def good(tmp_path):
    from pathlib import Path

    return Path(shutil.copy(Path(__file__).with_name("activity.csv"), tmp_path / "june.csv"))


def test_a_good_file_ends_on_the_page_of_its_run(administrator, reader, good):
    one = reader(token=administrator)
    asks_for_run(one, good, seed="3")
    one.page.wait_for_url(re.compile(r"/runs/\d{8}-\d{6}-\w{6}$"), timeout=180_000)
    # A chart is drawn when it comes into sight.
    one.page.locator(".chart").first.scroll_into_view_if_needed()
    one.page.locator(".chart canvas, .chart svg").first.wait_for()
    one.shot("run-of-a-good-file", whole=True)
    assert one.wrong == []


def test_a_bad_file_is_told_by_name_row_and_field_on_a_page_that_stays(administrator, reader, good):
    good.write_text(good.read_text("utf8").replace("1100000", "-5"), "utf8")
    one = reader(token=administrator, lang="zh")
    asks_for_run(one, good, seed="4")
    alert = one.page.get_by_role("alert")
    alert.wait_for(timeout=180_000)
    one.shot("ask-of-a-bad-file")
    said = alert.inner_text()
    assert "QH101" in said
    for part in ("june.csv", "amount", "-5", "数值超出范围", "怎么办"):
        assert part in said
    assert re.search(r"行\s+4\b", said)
    # The exact words, in English, are one click away.
    assert "row 4" not in said
    alert.get_by_text("技术细节").click()
    assert "row 4" in alert.inner_text()
    assert one.page.get_by_role("alert").count() == 1
    # The page of an ask that has ended does not load itself again and again.
    # The step that failed is told as failed, and nothing seems to go on.
    one.page.locator(".steps .state.bad").wait_for()
    assert one.page.locator(".steps .state.live").count() == 0
    one.page.evaluate("window.stays = true")
    one.page.wait_for_load_state("networkidle")
    assert one.page.evaluate("window.stays") is True
    assert one.wrong == []


def test_a_live_log_goes_on_by_itself_when_the_server_was_killed(
    server, administrator, reader, good
):
    one = reader(token=administrator)
    asks_for_run(one, good, seed="5")
    server.kill()
    server.start()
    one.page.wait_for_url(re.compile(r"/runs/\d{8}-\d{6}-\w{6}$"), timeout=240_000)
    # While nobody listened, the browser told that it could not connect; nothing else was wrong.
    assert [w for w in one.wrong if "ERR_" not in str(w)] == []


def test_a_job_is_submitted_and_its_log_is_watched_through_a_reload_and_a_restart(
    server, administrator, reader, tmp_path
):
    """The job waits for a file that the test makes once the page has shown its first line."""
    one, gate = reader(token=administrator), tmp_path / "go"
    assert one.open("/compute/submit") == 200
    said = f"echo 第一行; until [ -e {gate} ]; do sleep 0.1; done; echo 第二行"
    one.page.fill("#task", f"name: watched\nestimate: 1m\nlimit: 5m\nrun: {said!r}")
    one.page.locator('form[action="/compute/jobs"] button').first.click()
    one.page.wait_for_url("**/compute/jobs/j*")
    log = one.page.locator("#log .log")
    log.filter(has_text="第一行").wait_for(timeout=120_000)
    one.shot("job-live", whole=True)
    one.page.reload()
    log.filter(has_text="第一行").wait_for()
    server.kill()
    server.start()
    gate.write_text("")
    log.filter(has_text="第二行").wait_for(timeout=120_000)
    one.page.locator("#facts .state.good").wait_for(timeout=120_000)
    assert log.inner_text().split() == ["第一行", "第二行"]
    one.page.reload()
    log.filter(has_text="第二行").wait_for()
    assert log.inner_text().split() == ["第一行", "第二行"]
    one.shot("job-ended", whole=True)
    # While nobody listened, the browser and htmx told that they could not connect.
    assert [w for w in one.wrong if "ERR_" not in str(w) and "htmx:" not in str(w)] == []


def test_a_plan_is_reviewed_by_keys(administrator, reader, tmp_path):
    from qianhang.plan import SAMPLE

    plan = tmp_path / "plan.txt"
    text = SAMPLE.read_text("utf8")
    plan.write_text(text.replace("云泽", "白河").replace("6号", "8号"), "utf8")
    one = reader(token=administrator)
    one.open("/plans/import")
    one.page.set_input_files("#files", plan)
    one.page.locator("main form button").last.click()
    one.page.locator("#came a").first.click()
    first = one.page.locator("#items > .item.on")
    code = first.get_attribute("data-code")
    assert one.page.locator("#mark").count() == 1
    one.page.keyboard.press("c")
    one.page.wait_for_function(
        "code => document.querySelector('#items > .item.on').dataset.code !== code", arg=code
    )
    settled = one.page.locator(f'[data-code="{code}"]')
    assert settled.get_attribute("data-state") == "confirmed"
    second = one.page.locator("#items > .item.on").get_attribute("data-code")
    one.page.keyboard.press("r")
    one.page.wait_for_function(
        "code => document.querySelector(`[data-code='${code}']`).dataset.state === 'rejected'",
        arg=second,
    )
    one.page.wait_for_function(
        "code => document.querySelector('#items > .item.on').dataset.code !== code", arg=second
    )
    one.page.keyboard.press("e")
    one.page.locator("form.edit").wait_for()
    one.page.keyboard.press("Escape")
    one.page.locator("form.edit").wait_for(state="detached")
    one.shot("review-by-keys")
    assert one.wrong == []


def test_the_first_key_leads_past_the_menu_to_the_text(administrator, reader):
    one = reader(token=administrator)
    one.open("/scenarios")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.className") == "skip"
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("location.hash") == "#main"
    one.page.keyboard.press("/")
    assert one.page.evaluate("document.activeElement.type") == "search"


def test_on_a_phone_the_menu_opens_and_leads_on_by_keys(administrator, reader):
    one = reader(token=administrator, viewport={"width": 390, "height": 844})
    one.open("/scenarios")
    burger = one.page.locator(".burger")
    burger.focus()
    one.page.keyboard.press("Enter")
    assert burger.get_attribute("aria-expanded") == "true"
    one.shot("phone-menu-open")
    runs = one.page.locator('#menu a[href="/runs"]')
    runs.focus()
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/runs")
    assert one.wrong == []


def test_a_region_of_the_drawn_map_opens_its_province_by_click_and_by_key(
    server, administrator, reader
):
    """Two squares side by side, the right one of them 河南省."""
    from qianhang.plan import boundary
    from qianhang.runs import open_store
    from qianhang.store import Settings

    features = [_square("四川省", 0), _square("河南省", 2)]
    raw = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    with open_store(Settings(home=server.home)) as store:
        boundary.keep(store, raw, approval="GS(2024)0650号", by="t", at=datetime.now(UTC))
    one = reader(token=administrator)
    one.open("/?measure=scenarios")
    one.page.get_by_text("GS(2024)0650号").wait_for()
    one.page.locator(".geo svg path").nth(1).click()
    one.page.get_by_role("heading", name="河南省").wait_for()
    assert "measure=scenarios" in one.page.url
    one.shot("drawn-map")
    other = one.page.locator('.opens a[data-province="四川"]')
    other.focus()
    one.page.keyboard.press("Enter")
    one.page.get_by_role("heading", name="四川省").wait_for()
    assert other.get_attribute("aria-current") == "true"
    assert one.wrong == []


def _square(name, x):
    corners = [[x, 0], [x + 2, 0], [x + 2, 2], [x, 2], [x, 0]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": {"name": name}, "geometry": shape}


# Once what draws charts is there.
FETCHED = """() => new Promise(done => {
  const look = () => window.qhCharts && window.echarts ? done() : setTimeout(look, 20);
  look();
})"""
# Whether some pixel of the sheet is neither white nor nothing.
INKED = """sheet => sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data.some(
  (value, i) => i % 4 === 0 && value < 200)"""


def test_on_paper_every_picture_is_drawn_and_what_is_for_the_screen_alone_is_gone(
    server, administrator, reader
):
    """Also those that nobody has scrolled to, and in the colours of paper where the screen is dark."""
    one = reader(token=administrator, color_scheme="dark")
    one.open(f"/runs/{server.known['run_id']}")
    pictures = one.page.locator(".chart[data-chart]").count()
    assert pictures > 3
    one.page.evaluate(FETCHED)
    drawn = one.page.locator(".chart canvas").count()
    one.page.emulate_media(media="print")
    one.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    sheets = one.page.locator(".chart canvas.paper")
    assert sheets.count() == pictures > drawn
    assert all(sheet.evaluate(INKED) for sheet in sheets.all())
    assert not one.page.locator("#menu").is_visible()
    one.shot("run-on-paper", whole=True)
    one.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert sheets.count() == 0
    assert one.wrong == []


def test_whoever_signs_in_in_one_language_works_and_signs_out(administrator, reader):
    one = reader(lang="en")
    one.open("/runs")
    one.page.wait_for_url("**/sign-in?next=/runs")
    one.page.fill("#login", "admin")
    one.page.fill("#password", "correct-horse-9")
    one.page.locator("main form button").first.click()
    one.page.wait_for_url("**/runs")
    one.page.locator(".lang button").click()
    assert one.page.locator("html").get_attribute("lang") == "zh-CN"
    one.page.locator(".me summary").click()
    one.page.locator('form[action="/sign-out"] button').click()
    one.page.wait_for_url("**/sign-in")
    one.open("/runs")
    assert "/sign-in" in one.page.url
    assert one.wrong == []
