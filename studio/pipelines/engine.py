"""papermill's engine with our own kernel and our own record of what finished.

papermill hands the document to `StudioEngine`; `Execution` takes it through its kernel and decides what came of it.
papermill's metadata and error cells stay out of the document, except for one truthful summary.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from papermill.engines import Engine, papermill_engines
from papermill.version import version as papermill_version

from studio.core import clock
from studio.pipelines.client import StudioClient
from studio.pipelines.conversation import Cancelled, Conversation, KernelEnded, KernelSilent, TooLate
from studio.pipelines.execution import Cancellation, CellFailure, Kind, Limits, Outcome
from studio.pipelines.failures import ENAMES, Failed, capital, ending, kind_of_end, last_words, original_index, place
from studio.pipelines.kernels import specs
from studio.pipelines.outputs import shortened
from studio.pipelines.saving import SavedNotebook, valid
from studio.tracking.redaction import Redaction

SHUTDOWN_SECONDS = 120.0
"""How long a kernel may take to end (exit hooks, threads that are joined) before that counts as a failure.

Generous, since a loaded machine is slow and all the work of the notebook is done.
"""
SHUTDOWN_SECONDS_AFTER_FAILURE = 5.0
INTERRUPT_SECONDS = 2.0
"""How long a cell whose time is over may take to show where it was."""
_SAVE_BETWEEN_CELLS = 0.2


def notebook_node(notebook: Mapping[str, Any]) -> Any:
    """A copy of a plain document as what nbformat and papermill work on."""
    return nbformat.from_dict(json.loads(json.dumps(notebook)))


@cache
def register(name: str) -> None:
    """Make the engine known to papermill, once."""
    papermill_engines.register(name, StudioEngine)


class StudioEngine(Engine):  # type: ignore[misc]  # papermill is not typed
    """Executes the document in an `Execution` and gives papermill nothing to add to."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, execution: Execution, **_: Any) -> Any:  # noqa: ARG003
        """Run; what papermill gets back is empty, since the document is recorded and saved here."""
        execution.run(nb)
        return nbformat.v4.new_notebook()

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:  # noqa: ARG003
        """There is one kernel."""
        return specs.KERNEL_NAME


class Execution:
    """One document's way through its kernel, and the record of it.

    The arguments are those of `studio.pipelines.executing.execute`.
    """

    def __init__(
        self,
        output: Path,
        folder: Path,
        environment: Mapping[str, str],
        limits: Limits,
        cancellation: Cancellation,
        on_cell: Callable[[int, int], None] | None,
        redaction: Redaction,
    ) -> None:
        self._limits = limits
        self._redaction = redaction
        self.nb: Any = None
        self._output = output
        self._started = time.monotonic()
        self._begun = clock.now()
        self._deadline = None if limits.timeout is None else self._started + limits.timeout
        self._cancellation = cancellation
        self._conversation = Conversation(folder, environment, cancellation)
        self._tell = on_cell or (lambda _done, _all: None)
        self._failure: CellFailure | None = None
        self._done = 0
        self._client: StudioClient | None = None
        self._saved: SavedNotebook | None = None
        self._seconds = 0.0

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Kill what is left of the kernel, and save: also when what came up is not ours (an interrupt by the user)."""
        try:
            self._conversation.close()
        finally:
            self._seconds = time.monotonic() - self._started
            if self._saved is not None:
                self._finish(self._saved, failed=self._failure is not None or kind is not None)

    def outcome(self) -> Outcome:
        """What came of it."""
        return Outcome(
            ok=self._failure is None,
            failure=self._failure,
            cells_done=self._done,
            seconds=self._seconds,
            exit_code=self._conversation.exit_code,
        )

    def autosave_cell(self) -> None:
        """Called by papermill's client with every message."""
        if self._saved is not None:
            self._saved.touch()

    def run(self, node: Any) -> None:
        """Execute the document that papermill hands over."""
        self.nb = _without_papermill(node)
        self._summarise(None, None)
        self._saved = SavedNotebook(self.nb, self._output, self._redaction)
        self._saved.save(durable=False)
        try:
            self._start()
            self._run_cells()
            self._end()
        except Failed as failed:
            self._failure = failed.failure
            self._close_after(failed.failure)

    # ------------------------------------------------------------------ the way

    def _start(self) -> None:
        language = specs.language(self.nb.metadata)
        if language != "python":
            raise self._failed(
                "start",
                f"The notebook asks for a {language} kernel, and only Python notebooks can be run as steps. "
                "Next: choose a Python kernel for it.",
            )
        until = self._started + self._limits.start_timeout
        if self._deadline is not None:
            until = min(until, self._deadline)
        try:
            information = self._conversation.start(until)
        except Cancelled:
            raise self._failed("cancelled", "The run was cancelled while the kernel started.") from None
        except TooLate:
            seconds = until - self._started
            raise self._failed("start", f"The kernel did not start within {seconds:g} s (start_timeout).") from None
        except KernelEnded:
            raise self._failed("start", f"The kernel ended while it started: {self._end_in_words()}") from None
        except OSError as error:
            raise self._failed("start", f"The kernel could not be started: {error}.") from None
        self.nb.metadata["language_info"] = nbformat.from_dict(information["content"]["language_info"])
        self._client = StudioClient(self, self._conversation, self._limits.cell_output_limit)
        self._client.kc = self._conversation.client
        self._conversation.on_turn = self._turn

    def _run_cells(self) -> None:
        indices = [index for index, cell in enumerate(self.nb.cells) if _is_executed(cell)]
        self._tell(0, len(indices))
        for index in indices:
            self._run_cell(index)
            self._done += 1
            self._save(_SAVE_BETWEEN_CELLS)
            self._tell(self._done, len(indices))
        if self._client is not None:
            self._client.set_widgets_metadata()

    def _run_cell(self, index: int) -> None:
        client, cell = self._client, self.nb.cells[index]
        assert client is not None  # set by _start
        limit = self._limits.cell_timeout
        until = None if limit is None else time.monotonic() + limit
        by_cell = until is not None and (self._deadline is None or until <= self._deadline)
        until = until if by_cell else self._deadline
        where = place(cell, index)
        try:
            reply = client.ask(index, until)["content"]
        except Cancelled:
            raise self._failed("cancelled", f"The run was cancelled while {where} was running.", index) from None
        except TooLate:
            raise self._timed_out(index, by_cell) from None
        except KernelEnded:
            sentence = f"The kernel ended while {where} was running: {self._end_in_words()}"
            raise self._failed(kind_of_end(self._conversation.exit_code), sentence, index) from None
        except KernelSilent:
            sentence = f"The kernel stopped answering while {where} was running (its sockets are closed or broken)."
            raise self._failed("died", sentence, index) from None
        self._judge(cell, index, reply)

    def _judge(self, cell: Any, index: int, reply: Mapping[str, Any]) -> None:
        """Raise `Failed` unless the reply is a success."""
        where = place(cell, index)
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload") or ()):
            sentence = f"{capital(where)} ended the notebook with quit() or exit(); a step has to run to its end."
            raise self._failed("exited", sentence, index)
        if reply["status"] == "ok" or "raises-exception" in cell.metadata.get("tags", []):
            return
        ename, evalue = str(reply.get("ename", "")), str(reply.get("evalue", ""))
        if ename == "SystemExit":
            sentence = f"{capital(where)} ended the notebook with sys.exit({evalue}); a step has to run to its end."
            raise self._failed("exited", sentence, index, reply)
        first = shortened((evalue.splitlines() or [""])[0], 300)
        sentence = f"{capital(where)} raised {ename or 'an error'}{': ' if first else ''}{first}"
        raise self._failed("error", sentence, index, reply)

    def _timed_out(self, index: int, by_cell: bool) -> Failed:
        """Interrupt the cell to learn where it was, and tell which limit passed."""
        where, reply = place(self.nb.cells[index], index), None
        self._conversation.interrupt()
        with contextlib.suppress(TooLate, KernelEnded, KernelSilent, Cancelled):
            reply = self._conversation.await_reply(time.monotonic() + INTERRUPT_SECONDS)["content"]
        if by_cell:
            sentence = f"{capital(where)} did not finish within its {self._limits.cell_timeout:g} s (cell_timeout)."
        else:
            sentence = (
                f"The notebook did not finish within its {self._limits.timeout:g} s (timeout); {where} was running."
            )
        return self._failed("timeout", sentence, index, reply)

    def _end(self) -> None:
        """Ask the kernel to end; a kernel that did not, or not because it was asked to, is a failure."""
        until = time.monotonic() + SHUTDOWN_SECONDS
        try:
            confirmed = self._conversation.shut_down(until)
        except Cancelled:
            raise self._failed("cancelled", "The run was cancelled while the kernel was ending.") from None
        except TooLate:
            sentence = (
                f"All cells finished, but the kernel was still alive {SHUTDOWN_SECONDS:g} s after it was asked to end, "
                "so it was ended by force. Usually a thread or an exit hook is the cause. Next: end the threads and "
                "close the clients that the notebook opened in its last cell, or run the step again."
            )
            raise self._failed("timeout", sentence) from None
        if not confirmed or self._conversation.exit_code != 0:
            sentence = f"All cells finished, but then the kernel ended by itself: {self._end_in_words()}"
            raise self._failed(kind_of_end(self._conversation.exit_code), sentence)

    def _close_after(self, failure: CellFailure) -> None:
        """After an error or exit the kernel may run its exit hooks; in every other case it is killed at once."""
        if failure.kind in {"error", "exited"} and self._conversation.exit_code is None:
            with contextlib.suppress(TooLate, Cancelled):
                self._conversation.shut_down(time.monotonic() + SHUTDOWN_SECONDS_AFTER_FAILURE)

    # ------------------------------------------------------------------ the record

    def _failed(
        self, kind: Kind, message: str, index: int | None = None, reply: Mapping[str, Any] | None = None
    ) -> Failed:
        """The failure of a cell, shown in the document too."""
        reply = reply if reply is not None and reply.get("status") == "error" else {}
        message = valid(message)
        ename, evalue = valid(str(reply.get("ename", ""))), shortened(valid(str(reply.get("evalue", ""))), 10_000)
        traceback = shortened(valid("\n".join(reply.get("traceback", ()))), 50_000)
        lines = tuple(traceback.split("\n")) if traceback else ()
        cell, source = None, ""
        if index is not None and self._client is not None:
            self._client.end_with(
                index, ename or ENAMES.get(kind, "Ended"), evalue or message, list(lines) or [message]
            )
            cell, source = original_index(self.nb.cells[index], index), str(self.nb.cells[index].source)
        return Failed(CellFailure(kind, cell, source, ename, evalue, lines, message))

    def _end_in_words(self) -> str:
        kernel = self._conversation.kernel
        return f"{ending(self._conversation.exit_code)}.{last_words(kernel.tail if kernel is not None else '')}"

    def _turn(self) -> float | None:
        """Between messages: save when it is time; when that will be next."""
        self._save(None)
        return self._saved.due() if self._saved is not None else None

    def _save(self, every: float | None) -> None:
        saved, client = self._saved, self._client
        if saved is None or client is None:
            return
        due = saved.due() if every is None else saved.due(every)
        if due is not None and time.monotonic() >= due:
            client.refresh()
            saved.save_if_due(*(() if every is None else (every,)))

    def _finish(self, saved: SavedNotebook, *, failed: bool) -> None:
        if self._client is not None:
            self._client.refresh()
        self._summarise(clock.now(), failed)
        saved.save()

    def _summarise(self, ended: datetime | None, failed: bool | None) -> None:
        """The metadata of papermill as other tools read them: when, how long, and whether it failed."""
        self.nb.metadata["papermill"] = nbformat.from_dict(
            {
                "version": papermill_version,
                "start_time": clock.to_text(self._begun),
                "end_time": None if ended is None else clock.to_text(ended),
                "duration": None if ended is None else (ended - self._begun).total_seconds(),
                "exception": failed,
            }
        )


def _is_executed(cell: Any) -> bool:
    return (
        cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in cell.metadata.get("tags", [])
    )


def _without_papermill(node: Any) -> Any:
    """The document without what papermill wrote into it on the way here."""
    node.metadata.pop("papermill", None)
    for cell in node.cells:
        cell.metadata.pop("papermill", None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return node
