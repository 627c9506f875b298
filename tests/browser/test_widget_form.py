"""The form of parameters under a person's hands, in a real browser; only the kernel is replaced by this program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from studio.core.errors import BadInput
from tests.browser.cast import form
from tests.browser.stage import Stages, settled, stages

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stages]:
    with stages(browser) as opened:
        yield opened


def entered(element: Locator, label: str, text: str) -> None:
    """Fill a field and leave it."""
    field = element.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()


def test_the_form_is_filled_and_submitted(stage: Stages) -> None:
    here, shown, got = stage(), form(submit="Run"), []
    shown.on_submit(got.append)
    element = here.show(shown)
    entered(element, "Horizon", "24")
    entered(element, "Threshold", "0.25")
    entered(element, "Since", "2025-02-28")
    entered(element, "Cut off", "2025-02-28T09:15")
    entered(element, "Offset from UTC, such as Z or +01:00", "+02:00")
    element.get_by_label("Model", exact=True).select_option("logistic")
    element.get_by_label("Explain").uncheck()
    entered(element, "Comment (may stay empty)", "Spring")
    regions = element.get_by_role("group", name="Regions")
    regions.get_by_role("button", name="Add").click()
    regions.get_by_label("Entry 2", exact=True).fill("south")
    regions.get_by_role("button", name="Remove entry 1").click()
    weights = element.get_by_role("group", name="Weights")
    weights.get_by_role("button", name="Add").click()
    weights.get_by_label("Name 2", exact=True).fill("yearly")
    weights.get_by_label("Value 2", exact=True).fill("2")
    limits = element.get_by_role("group", name="Limits")
    limits.get_by_label("No value").uncheck()
    limits.get_by_role("button", name="Add").click()
    limits.get_by_label("Entry 1", exact=True).fill("7")
    entered(element, "Extra", '{"a": [1, null]}')
    element.get_by_label("Sure").select_option("Yes")
    element.get_by_role("button", name="Run").click()
    settled(here, lambda: got)
    assert {name: str(value) for name, value in got[0].items()} == {
        "source": "data/customers.csv",
        "horizon": "24",
        "threshold": "0.25",
        "model": "logistic",
        "since": "2025-02-28",
        "cut_off": "2025-02-28 09:15:00+02:00",
        "regions": "['south']",
        "weights": "{'monthly': 1.5, 'yearly': 2.0}",
        "explain": "False",
        "comment": "Spring",
        "limits": "[7]",
        "extra": "{'a': [1, None]}",
        "token": "SecretReference(variable='TOKEN')",
        "sure": "True",
    }


def test_a_wrong_entry_is_told_when_the_field_is_left_and_the_first_is_shown(stage: Stages) -> None:
    here, shown, got = stage(), form(), []
    shown.on_submit(got.append)
    element = here.show(shown)
    horizon = element.get_by_label("Horizon", exact=True)
    horizon.fill("99")
    message = element.get_by_text("99 is not allowed: it must be at most 36.")
    settled(here, lambda: shown.problems.get("horizon"))
    expect(message).to_have_count(0)  # nobody is corrected in the middle of a word
    horizon.blur()
    expect(message).to_be_visible()
    expect(horizon).to_have_attribute("aria-invalid", "true")
    assert message.get_attribute("id") in str(horizon.get_attribute("aria-describedby"))
    element.get_by_role("button", name="Submit").click()
    expect(element.get_by_role("alert")).to_have_text("2 fields need another look.")
    expect(horizon).to_be_focused()
    assert got == []
    entered(element, "Horizon", "3")
    expect(message).to_have_count(0)
    expect(element.get_by_role("alert")).to_have_text("1 field needs another look.")


def test_an_emptied_field_is_no_value_only_where_that_is_allowed(stage: Stages) -> None:
    here, shown = stage(), form(values={"comment": "x", "sure": True})
    element = here.show(shown)
    entered(element, "Comment (may stay empty)", "")
    settled(here, lambda: shown.value["comment"] is None)
    entered(element, "Threshold", "")
    expect(element.get_by_text("Enter a number.")).to_be_visible()


def test_what_python_sets_appears_and_what_is_being_typed_stays(stage: Stages) -> None:
    here, shown = stage(), form()
    element = here.show(shown)
    shown.value = {"horizon": 3, "regions": ["east", "west"], "cut_off": "2024-05-06T07:08:09.123456+01:00"}
    here.push()
    expect(element.get_by_label("Horizon", exact=True)).to_have_value("3")
    expect(element.get_by_label("Entry 2", exact=True)).to_have_value("west")
    # No browser's own field holds microseconds: the text does.
    expect(element.get_by_label("Cut off", exact=True)).to_have_value("2024-05-06T07:08:09.123456+01:00")
    element.get_by_label("Horizon", exact=True).press("End")
    element.get_by_label("Horizon", exact=True).press_sequentially("6", delay=0)
    shown.value = {"threshold": 0.75}
    here.push()
    expect(element.get_by_label("Horizon", exact=True)).to_have_value("36")
    settled(here, lambda: shown.value["horizon"] == 36)


def test_the_keyboard_is_enough(stage: Stages) -> None:
    here, shown, got = stage(), form(values={"sure": False}), []
    shown.on_submit(got.append)
    here.show(shown)
    press = here.page.keyboard
    press.press("Tab")
    press.press("Tab")
    press.type("5")
    press.press("Enter")
    settled(here, lambda: got)
    assert got[0]["horizon"] == 5  # what stood there was selected as the field was entered


def test_starting_over(stage: Stages) -> None:
    here, shown = stage(), form()
    element = here.show(shown)
    again = element.get_by_role("button", name="Start over")
    expect(again).to_be_hidden()
    entered(element, "Horizon", "x")
    again.click()
    expect(element.get_by_label("Horizon", exact=True)).to_have_value("12")
    expect(again).to_be_hidden()


def test_an_error_of_a_callback_is_a_sentence(stage: Stages) -> None:
    here, shown = stage(), form(values={"sure": True})

    def refuse(_: object) -> None:
        raise BadInput("The file is empty. Next: choose another.")

    shown.on_submit(refuse)
    element = here.show(shown)
    element.get_by_role("button", name="Submit").click()
    expect(element.locator(".studio-notice")).to_have_text("The file is empty. Next: choose another.")
    expect(element.get_by_role("button", name="Submit")).to_be_enabled()


def test_a_busy_form_rests(stage: Stages) -> None:
    here, shown = stage(), form()
    element = here.show(shown)
    shown.busy = True
    here.push()
    expect(element.get_by_role("button", name="Working …")).to_be_disabled()
