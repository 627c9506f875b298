"""A kernel that is asked one thing after the other: for the tests of a notebook, which go on when one of them fails.

The kernels are those of the steps (`studio.pipelines.kernels`): a clean configuration, a supervisor, no process left.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.notebooks.testing.kernels import MIME, KernelDidNotStart, Reply
from studio.pipelines.execution import Cancellation
from studio.pipelines.failures import ending, last_words
from studio.pipelines.outputs import shortened

INTERRUPT_SECONDS = 3.0
"""How long an interrupted source may take to show where it was, before its kernel is ended."""
SHUTDOWN_SECONDS = 10.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OF_A_STEP = (
    "STUDIO_RUN",
    "STUDIO_STEP",
    "STUDIO_PART",
    "STUDIO_INPUTS",
    "STUDIO_RECORD",
    "MLFLOW_RUN_ID",
)
"""What would make a kernel take itself for a step of the run in which its caller is."""


class SupervisedKernels:
    """Starts kernels.

    Parameters
    ----------
    start_timeout : float
        Seconds within which a kernel has to come up.
    output_limit : int
        Characters of printed output kept of one source.
    cancellation : Cancellation, optional
        Ends whatever a kernel is doing; the source that ran then raises `Cancelled`.
    """

    def __init__(
        self,
        *,
        start_timeout: float = 60.0,
        output_limit: int = 2_000_000,
        cancellation: Cancellation | None = None,
    ) -> None:
        self._start_timeout = start_timeout
        self._output_limit = output_limit
        self._cancellation = cancellation or Cancellation()

    def start(self, folder: Path, environment: Mapping[str, str]) -> SessionKernel:
        """A fresh kernel with `folder` as its working folder.

        Raises
        ------
        KernelDidNotStart
            When none came up.
        """
        unset = {name: "" for name in _OF_A_STEP if os.environ.get(name)}
        return SessionKernel(
            folder, {**unset, **environment}, self._start_timeout, self._output_limit, self._cancellation
        )


class SessionKernel:
    """One kernel, from its start to its end; used by one thread."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], start_timeout: float, limit: int, stop: Cancellation
    ) -> None:
        from studio.pipelines.conversation import Conversation, KernelEnded, TooLate

        self._limit = limit
        self._closed = False
        self._texts: list[str] = []
        self._kept = 0
        self._left_out = 0
        self._answers: list[Any] = []
        self._conversation = Conversation(folder, environment, stop)
        try:
            self._conversation.start(time.monotonic() + start_timeout)
        except BaseException as error:
            told = self._end_in_words() if isinstance(error, KernelEnded) else str(error)
            self._close()
            if isinstance(error, TooLate):
                raise KernelDidNotStart(
                    f"The kernel did not start within {start_timeout:g} s (running.start_timeout)."
                ) from None
            if isinstance(error, KernelEnded | OSError):
                raise KernelDidNotStart(f"The kernel could not be started: {told}") from None
            raise
        self._conversation.on_message = self._take

    def run(self, source: str, seconds: float | None, *, quiet: bool = False) -> Reply:
        """Execute `source`; whatever it does becomes a `Reply`.

        Parameters
        ----------
        source : str
            What a cell may hold.
        seconds : float or None
            After this time it is interrupted, and the kernel is ended when that does not stop it; None for no limit.
        quiet : bool
            Whether it stays out of the notebook's history.

        Raises
        ------
        Cancelled
            When the cancellation was called; the kernel is gone then.
        """
        from studio.pipelines.conversation import KernelEnded, KernelSilent, TooLate

        begun = time.monotonic()
        self._texts, self._answers, self._kept, self._left_out = [], [], 0, 0
        if self._closed:
            return Reply("died", 0.0, "it had ended before.")
        client = self._conversation.client
        try:
            content = self._ask(
                lambda: str(
                    client.execute(
                        source, silent=quiet, store_history=not quiet, allow_stdin=False, stop_on_error=False
                    )
                ),
                None if seconds is None else begun + seconds,
            )
        except KernelEnded:
            reply = self._reply("died", begun, self._end_in_words())
            self._close()
            return reply
        except KernelSilent:
            self._close()
            return self._reply("died", begun, "its sockets are closed or broken, so that it no longer answers.")
        except TooLate:
            return self._stop(begun)
        except BaseException:
            self._close()
            raise
        if content["status"] == "ok":
            return self._reply("ok", begun)
        return self._reply("error", begun, content=content)

    def interrupt(self) -> None:
        """Interrupt what is running."""
        self._conversation.interrupt()

    def close(self) -> None:
        """Let the kernel end by itself, for a while; then end it and all that it started."""
        from studio.pipelines.conversation import Cancelled, TooLate

        if self._closed:
            return
        try:
            with contextlib.suppress(TooLate, Cancelled):
                self._conversation.shut_down(time.monotonic() + SHUTDOWN_SECONDS)
        finally:
            self._close()

    def _ask(self, send: Any, until: float | None) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self._conversation.ask(send, until)["content"]
        return content

    def _stop(self, begun: float) -> Reply:
        """Interrupt what takes too long; end the kernel when that does not stop it."""
        from studio.pipelines.conversation import KernelEnded, KernelSilent, TooLate

        self._conversation.interrupt()
        try:
            content = self._conversation.await_reply(time.monotonic() + INTERRUPT_SECONDS)["content"]
        except (TooLate, KernelEnded, KernelSilent):
            self._close()
            return self._reply("died", begun, "it was ended by force, since an interrupt did not stop it.")
        except BaseException:
            self._close()
            raise
        return self._reply("timeout", begun, content=content)

    def _reply(self, status: Any, begun: float, message: str = "", content: Mapping[str, Any] | None = None) -> Reply:
        content = content or {}
        output = "".join(self._texts)
        if self._left_out:
            output += f"\n[studio] … {self._left_out:,} characters left out …\n"
        return Reply(
            status,
            time.monotonic() - begun,
            message,
            str(content.get("ename", "")),
            shortened(str(content.get("evalue", "")), 10_000),
            shortened(_COLOURS.sub("", "\n".join(content.get("traceback", ()))), 50_000),
            output,
            tuple(self._answers),
        )

    def _take(self, message: Mapping[str, Any]) -> None:
        """One message of the output channel."""
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            text = str(content.get("text", ""))
            room = max(0, self._limit - self._kept)
            self._texts.append(text[:room])
            self._kept += len(text[:room])
            self._left_out += len(text) - len(text[:room])
        elif kind == "display_data" and MIME in content.get("data", {}):
            self._answers.append(content["data"][MIME])

    def _end_in_words(self) -> str:
        kernel = self._conversation.kernel
        return f"{ending(self._conversation.exit_code)}.{last_words(kernel.tail if kernel is not None else '')}"

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._conversation.close()
