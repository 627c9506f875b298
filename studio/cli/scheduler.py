"""``studio scheduler``: runs pipelines at the times that their files name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.output import say

if TYPE_CHECKING:
    from studio.workflows.scheduler import Outcome


def scheduler(
    once: Annotated[bool, typer.Option("--once", help="Start what is due now, and leave.")] = False,
) -> None:
    """Run pipelines at the times of their schedules, until interrupted.

    A time runs once, also when the scheduler is killed and started anew, or when two are up.
    """
    import signal
    import threading

    from studio.core.workspace import find_workspace
    from studio.workflows.scheduler import list_schedules, look_once, serve

    workspace = find_workspace()
    if once:
        look_once(workspace, _tell, say)
        return
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    schedules = [one for one in list_schedules(workspace, 1) if one.schedule]
    for one in schedules:
        say(f"{one.pipeline}: next at {one.following[0] if one.following else 'no time any more'}")
    if not schedules:
        say("No pipeline has a schedule yet; one that gets one is seen. Next: add schedule: to a pipeline's file.")
    serve(workspace, stopping, _tell, say)
    say("The scheduler ended; what it started goes on.")


def _tell(outcome: Outcome) -> None:
    say(f"{outcome.pipeline} at {outcome.time}: {outcome.outcome}. {outcome.text}")
