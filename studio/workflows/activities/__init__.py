"""Activities: runs, tests and submissions that go on in a program of their own, whoever started them.

A Jupyter server, an app or a notebook starts one and goes its way; the activity outlives it. All that is known of it
lies in its folder, ``.studio/activities/<id>/``: ``request.json`` (what was asked), ``events.jsonl`` (what happened,
only ever added to), ``log`` (for the operator), and ``lock``, which the program holds while it lives: a free lock
without an event ``ended`` is a program that died.
"""

from __future__ import annotations

from studio.workflows.activities.events import Event
from studio.workflows.activities.records import Activity, Tail, follow, latest, read, tail_of
from studio.workflows.activities.starting import Underway, start, stop

__all__ = ["Activity", "Event", "Tail", "Underway", "follow", "latest", "read", "start", "stop", "tail_of"]
