"""How far a scenario is, in words and as a share, from what its activity tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from studio.workflows.activities import Event
from studio.workflows.apps.scenario.words import counted, step_name

Status = Literal["starting", "running", "completed", "failed", "refused", "stopped"]
_ENDED = ("completed", "reused", "failed", "killed", "not run")


@dataclass
class Course:
    """One scenario from its start to its end.

    Attributes
    ----------
    status : str
        ``starting`` until the run begins, ``running``, then how it ended.
    run : str
        The run's identifier; empty before it is known.
    text : str
        Where it stands, one sentence.
    told : str
        What the activity said at its end, for the log: it may name commands and files.
    number : int
        The number of the last event that was taken in.
    """

    status: Status = "starting"
    run: str = ""
    text: str = "It is being started …"
    told: str = ""
    number: int = 0
    total: int = 0
    done: set[str] = field(default_factory=set)
    cells: dict[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.status == "completed":
            return 1.0
        if not self.total:
            return 0.0
        running = sum(share for step, share in self.cells.items() if step not in self.done)
        return min(1.0, (len(self.done) + running) / self.total)

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, whatever it was."""
        return self.status not in ("starting", "running")

    def take(self, event: Event) -> None:
        """Take in what happened."""
        self.number = max(self.number, event.number)
        match event.kind:
            case "run" if event.status == "running":
                self.status, self.run, self.total = "running", event.run, event.total
                self.text = f"It has begun: {counted(event.total, 'step')} to go."
            case "step started":
                self.cells[event.step] = 0.0
                again = f", attempt {event.attempt}" if event.attempt > 1 else ""
                self.text = f"{self._place(event.step)}{again} …"
            case "cell" if event.total:
                self.cells[event.step] = event.done / event.total
                self.text = f"{self._place(event.step)}, {round(100 * event.done / event.total)} % …"
            case "step delayed":
                self.text = f"{self._place(event.step)} did not succeed; it is tried again in a moment …"
            case "step finished" if event.status in _ENDED:
                self.done.add(event.step)
                if event.status == "reused":
                    self.text = f"Step {len(self.done)} of {self.total}: {step_name(event.step)}, known already …"
            case "ended":
                self._end(event)

    def _place(self, step: str) -> str:
        return f"Step {min(len(self.done) + 1, self.total or 1)} of {max(self.total, 1)}: {step_name(step)}"

    def _end(self, event: Event) -> None:
        self.run, self.told = event.run or self.run, event.text
        self.status = _END.get(event.status, "failed")
        self.text = _SAID[self.status]


_END: dict[str, Status] = {"completed": "completed", "refused": "refused", "stopped": "stopped"}
_SAID: dict[Status, str] = {
    "completed": "It is done.",
    "failed": "It ended before it was done.",
    "refused": "It was not started: the rules of this project do not allow it now.",
    "stopped": "It was stopped before it was done.",
}
