"""A review in JupyterLab, as two people do it, and with content whose every field is an attack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Lab, LabAt, serious
from tests.browser.test_packet import Canary, attacks, hostile, svg
from tests.workflows.reviewing import APPROVAL, NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow
API = "**/studio/api/v1/"
expect.set_options(timeout=30_000)


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A server that nobody has a reason to talk to."""
    server = Canary()
    yield server
    server.close()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """One content approved, changed by anna, and submitted again."""
    root = tmp_path_factory.mktemp("review") / "workspace"
    # In a thread: Playwright's loop runs in this one, and kernels need one of their own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(submitted_twice, root).result()


def submitted_twice(root: Path) -> Team:
    """A workspace with a review that waits."""
    team = new_team(root)
    team.submit(message="the first sum")
    team.decide("approve", message="good")
    team.commit("feat: approved", who="bob")
    team.edit(2, "count: int = 3", "count: int = 4")
    team.edit(4, "+ 10", "+ 11")
    team.commit("feat: a larger sum")
    team.submit(NOTEBOOK, message="One more, and <b>why</b>")
    return team


@pytest.fixture(scope="module")
def bob(team: Team, lab_at: LabAt) -> Lab:
    """The reviewer's Lab."""
    lab = lab_at(team.root, "bob")
    lab.open()
    return lab


@pytest.fixture
def other(bob: Lab) -> Iterator[Lab]:
    """A second window of his, with a layout of its own."""
    page = bob.page.context.new_page()
    page.set_default_timeout(30_000)
    lab = Lab(bob.server, page, bob.root)
    page.goto(bob.server.url("lab/workspaces/other?reset"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
    page.evaluate("window.jupyterapp.restored")
    yield lab
    page.close()


@pytest.fixture
def review(bob: Lab) -> Iterator[Page]:
    """Bob's page with the review open; nothing may go wrong in it."""
    bob.run("studio:open-review", submission=NOTEBOOK)
    bob.page.wait_for_selector(".studio-Review .cm-editor")
    yield bob.page
    assert (bob.seen.errors, bob.seen.outside) == ([], [])


def test_a_review_is_found_in_the_list(bob: Lab) -> None:
    bob.run("studio:open-reviews")
    row = bob.page.get_by_role("button", name=NOTEBOOK)
    expect(row).to_contain_text("One more, and <b>why</b>")
    assert serious(bob.page, ".studio-Reviews") == []
    row.press("Enter")
    expect(bob.page.locator(".studio-Review h2")).to_have_text("A sum")


def test_the_change_is_seen_and_the_rest_is_folded(review: Page) -> None:
    words = review.get_by_role("region", name="The changes in words")
    expect(words).to_contain_text("parameter count")
    cell = review.get_by_role("region", name="Cell 4")
    expect(cell).to_contain_text("total = sum(numbers) + 11")
    expect(review.get_by_role("region", name="Cell 3")).to_have_count(0)
    review.get_by_role("button", name="Cell 3 is unchanged").press("Enter")
    expect(review.get_by_role("region", name="Cell 3")).to_contain_text("numbers = list(range(count))")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious_stands_in_the_way_of_anybody(bob: Lab, review: Page, dark: bool) -> None:
    bob.theme(dark)
    for tab in ("Changes", "Tests", "Measures", "Contracts", "Figures", "Checks", "Conversation"):
        review.get_by_role("tab", name=tab).click()
        assert serious(review, ".studio-Review") == [], tab
    review.get_by_role("tab", name="Changes").click()
    review.get_by_role("button", name="Approve …").click()
    assert serious(review, ".studio-Review") == []
    review.get_by_role("dialog").press("Escape")


def test_the_author_sees_why_she_cannot_approve(team: Team, lab_at: LabAt) -> None:
    anna = lab_at(team.root, "anna")
    anna.open()
    anna.run("studio:open-review", submission=NOTEBOOK)
    anna.page.wait_for_selector(".studio-Review-head")
    bar = anna.page.get_by_role("region", name="Decision")
    expect(bar.get_by_role("button", name="Approve …")).to_be_disabled()
    expect(bar).to_contain_text("Next:")


def test_comment_and_approval_by_keyboard_alone(team: Team, bob: Lab, review: Page) -> None:
    review.get_by_role("button", name="Comment on cell 4").focus()
    review.keyboard.press("Enter")
    review.keyboard.type("Why 11?")
    review.keyboard.press("Control+Enter")
    expect(review.get_by_role("region", name="Cell 4").get_by_role("listitem")).to_contain_text("Why 11?")
    assert [event.details["text"] for event in team.events("commented")] == ["Why 11?"]

    review.get_by_role("button", name="Approve …").focus()
    review.keyboard.press("Enter")
    dialog = review.get_by_role("dialog")
    submitted = team.events("submitted")[-1]
    expect(dialog).to_contain_text(submitted.details["fingerprint"][:15])
    review.keyboard.type("It adds up")
    review.keyboard.press("Control+Enter")
    outcome = review.locator(".studio-Review-outcome")
    expect(outcome).to_contain_text(APPROVAL)
    expect(outcome).to_be_focused()
    approval = json.loads((team.root / APPROVAL).read_text(encoding="utf-8"))
    assert [one["reviewer"] for one in approval["approvals"]] == ["bob"]
    assert team.status().status == "approved"
    expect(review.locator(".studio-Review-titleRow")).to_contain_text("approved")
    expect(review.get_by_role("button", name="Approve …")).to_be_disabled()


def test_the_review_is_there_again_after_a_reload(bob: Lab, review: Page) -> None:
    review.wait_for_timeout(1_500)  # Lab saves its layout a moment after a change
    review.goto(bob.server.url("lab"))
    review.wait_for_selector(".studio-Review .cm-editor", timeout=60_000)


# --- content of others


def hostile_difference(url: str) -> dict[str, Any]:
    """Old and new notebook full of attacks, as the server would send them."""
    import nbdime
    import nbformat

    old, new = (nbformat.reads(json.dumps(content(url, changed)), as_version=4) for changed in (False, True))
    label = attacks(url)[2]
    return {
        "base": old,
        "diff": nbdime.diff_notebooks(old, new),
        "base_label": label,
        "remote_label": label,
        "cells": [cell["id"] for cell in new["cells"]],
    }


def content(url: str, changed: bool) -> dict[str, Any]:
    document = hostile(url, changed=changed)
    cells = []
    for cell in document.cells:
        made: dict[str, Any] = {"id": cell.id, "cell_type": cell.type, "metadata": dict(cell.metadata)}
        made["source"] = cell.source
        if cell.type == "code":
            outputs = [json.loads(json.dumps(output)) for output in cell.outputs]
            made |= {"outputs": outputs[changed:] if changed else outputs, "execution_count": None}
        cells.append(made)
    metadata = {"language_info": {"name": "python", "mimetype": "text/x-python"}, "title": attacks(url)[int(changed)]}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def poisoned(value: Any, attack: str) -> Any:
    """Every text of an answer of the server, with an attack behind it."""
    if isinstance(value, str):
        return value + attack
    if isinstance(value, list):
        return [poisoned(one, attack) for one in value]
    if isinstance(value, dict):
        return {key: poisoned(one, attack) for key, one in value.items()}
    return value


def test_nothing_of_others_runs_and_nothing_is_fetched(other: Lab, canary: Canary) -> None:
    page = other.page
    attack = "".join(attacks(canary.url))

    def answer(route: Route) -> None:
        if "/reviews/difference" in route.request.url:
            route.fulfill(json=hostile_difference(canary.url))
            return
        found = route.fetch().json()
        kept = {key: found[key] for key in ("submission", "approve", "reject", "revoke", "comment", "fingerprint")}
        figure = {"cell": 1, "status": "changed", "old": f"{canary.url}/figure.png", "new": svg(canary.url)}
        said = {"author": attack, "time": attack, "text": attack, "cell": 1, "cell_id": attack, "status": "edited"}
        route.fulfill(json=poisoned(found, attack) | kept | {"figures": [figure], "comments": [said] * 3})

    page.route(API + "reviews/review*", answer)
    page.route(API + "reviews/difference*", answer)
    other.run("studio:open-review", submission=NOTEBOOK)
    page.wait_for_selector(".studio-Review-cell", state="attached")
    assert everything_seen(page) > 100
    for tab in ("Tests", "Measures", "Contracts", "Figures", "Checks", "Conversation"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(200)
        page.evaluate("document.querySelectorAll('.studio-Review details').forEach(one => (one.open = true))")
    page.wait_for_timeout(2_000)
    assert (canary.asked, canary.connections) == ([], 0)
    assert "RAN" not in page.title()
    found = page.evaluate(
        "() => [...document.querySelectorAll('.studio-Review *')].filter(one =>"
        " ['script', 'iframe', 'object', 'embed', 'form', 'base', 'link', 'meta', 'style', 'video', 'audio']"
        ".includes(one.localName) && !one.matches('form.studio-Review-say')"
        " || [...one.attributes].some(given => given.name.startsWith('on') || /^javascript:/i.test(given.value)))"
        ".map(one => one.outerHTML.slice(0, 200))"
    )
    assert found == []
    assert page.get_by_role("button", name="Trust", exact=True).count() == 0
    assert (other.seen.errors, other.seen.outside) == ([], [])


def everything_seen(page: Page) -> int:
    """Scroll through all cells, look at each output in every form that nbdime offers; how many outputs there were."""
    cells = page.locator(".studio-Review-cell")
    outputs = 0
    for place in range(cells.count()):
        cell = cells.nth(place)
        cell.locator(".studio-Review-hosted").scroll_into_view_if_needed()
        cell.locator(".nbdime-root").wait_for(state="attached")
        outputs += cell.evaluate(
            """cell => {
              for (const menu of cell.querySelectorAll('.jp-Diff-outputMenu')) {
                const select = menu.querySelector('select');
                for (let at = 0; select && at < select.options.length; at++) {
                  if (select.options[at].disabled) {
                    continue;
                  }
                  select.selectedIndex = at;
                  select.dispatchEvent(new Event('change'));
                }
                if (select) {
                  menu.querySelector('button').click();
                  menu.querySelector('button').click();
                }
              }
              return cell.querySelectorAll('.jp-Diff-outputPanel').length;
            }"""
        )
    return outputs


def test_the_canary_would_have_been_heard(team: Team, lab_at: LabAt, canary: Canary) -> None:
    """The page of Lab itself lets an image be fetched: it is the review that keeps it from that."""
    lab = lab_at(team.root, "bob")
    page = lab.open()
    page.evaluate(
        "(url) => { document.body.append(Object.assign(new Image(), {src: url + '/heard.png'})) }", canary.url
    )
    page.wait_for_timeout(500)
    assert canary.asked == ["/heard.png"]


def test_a_packet_does_nothing_in_its_frame(bob: Lab, review: Page) -> None:
    review.get_by_role("button", name="Whole packet").click()
    frame = review.locator(".studio-Review-packet iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(review.frame_locator(".studio-Review-packet iframe").locator("h1")).to_contain_text("A sum")
    picture = Path(bob.root).parent / "packet.png"
    bob.shot(picture)
    assert picture.stat().st_size > 10_000
