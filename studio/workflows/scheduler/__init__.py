"""The scheduler: pipelines whose files hold a ``schedule:`` are run at their times, each time once.

What came of a time is a file, ``.studio/schedule/<pipeline>/<time>.json``, which is made before anything starts and
by one program only. So a scheduler may be killed anywhere and started anew, and two may be up: no time runs twice.
A run is an activity, and goes on when the scheduler ends.
"""

from __future__ import annotations

from studio.workflows.scheduler.outcomes import Outcome
from studio.workflows.scheduler.service import GRACE, look_once, serve
from studio.workflows.scheduler.show import Scheduled, is_up, list_schedules, scheduled

__all__ = ["GRACE", "Outcome", "Scheduled", "is_up", "list_schedules", "look_once", "scheduled", "serve"]
