"""Scenarios: what if? Approved pipelines and notebooks with other values, for people who read results.

`list_choices` says what may be chosen and why the rest may not, `form_of` what can be changed; `start_scenario` starts
a run in the environment ``scenario``; `Course` says in words how far it is, `read_result` what came of it.
`Desk` is all of that for a page.
"""

from __future__ import annotations

from studio.workflows.apps.scenario.choices import Choice, find_choice, list_choices
from studio.workflows.apps.scenario.course import Course
from studio.workflows.apps.scenario.desk import Desk
from studio.workflows.apps.scenario.form import Form, form_of
from studio.workflows.apps.scenario.results import Result, earlier_scenarios, read_result
from studio.workflows.apps.scenario.starting import Started, start_scenario, under_way

__all__ = [
    "Choice",
    "Course",
    "Desk",
    "Form",
    "Result",
    "Started",
    "earlier_scenarios",
    "find_choice",
    "form_of",
    "list_choices",
    "read_result",
    "start_scenario",
    "under_way",
]
