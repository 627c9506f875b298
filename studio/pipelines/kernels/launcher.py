"""What runs in the kernel's process: ipykernel as it is, but for what would make two runs of one notebook differ.

Started as ``python -I launcher.py -f CONNECTION_FILE …`` by the supervisor. No configuration or start-up file is
read, from wherever. ``sys.path`` is the notebook's folder, the workspace's root and the installation.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import zmq
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.jsonutil import json_default
from jupyter_client.session import json_packer
from traitlets.config import Config

READY_VARIABLE = "STUDIO_KERNEL_READY"
PIECE = 256 * 1024
"""Characters of one stream message at most, so that a flood reaches the runner in pieces it can bound."""


class PiecewiseStream(OutStream):  # type: ignore[misc]  # ipykernel is not typed for us
    """stdout or stderr, sent in pieces of bounded size."""

    def _flush_buffers(self) -> Iterator[tuple[Any, str]]:
        for parent, text in super()._flush_buffers():
            for start in range(0, len(text), PIECE):
                yield parent, text[start : start + PIECE]


class Kernel(IPythonKernel):  # type: ignore[misc]  # ipykernel is not typed for us
    """IPython's kernel, which on shutdown asks its children to end but does not wait for them.

    ipykernel waits up to 14 s for children that ignore SIGTERM (multiprocessing's resource tracker does); here the
    supervisor kills what is left.
    """

    async def _progressively_terminate_all_children(self) -> None:
        self._signal_children(signal.SIGTERM)


def pack(message: Any) -> bytes:
    """A message as JSON; text that is not valid Unicode (lone surrogates) is escaped.

    jupyter_client's packer fails on such text: what was printed is lost, and where an error's message holds it the
    reply is never sent, so that the runner would wait for ever.
    """
    try:
        return bytes(json_packer(message))
    except UnicodeEncodeError:
        return json.dumps(message, default=json_default).encode()


class KernelApp(IPKernelApp):  # type: ignore[misc]  # ipykernel is not typed for us
    """ipykernel's application without any configuration but the command line."""

    def load_config_file(self, *_: object, **__: object) -> None:
        """Read no configuration file: neither the user's nor the system's."""

    def _run_startup_files(self) -> None:
        """Run no start-up file."""

    def _bind_socket(self, s: Any, port: int) -> Any:
        if s.type == zmq.XPUB:
            s.sndhwm = 0  # a full queue would drop output silently
        return super()._bind_socket(s, port)


def own_path() -> list[str]:
    """The entries of ``sys.path`` before those of the installation."""
    entries = [os.getcwd(), os.environ.get("STUDIO_WORKSPACE", "")]  # noqa: PTH109 - strings as they are
    return [entry for entry in dict.fromkeys(entries) if entry]


def adopt() -> None:
    """Let plain MLflow calls land in the step's run, where the environment names one."""
    run = os.environ.get("MLFLOW_RUN_ID")
    if run:
        from studio.tracking.adopt import install

        install(run)


def main(arguments: list[str]) -> None:
    """Serve until the runner asks to shut down."""
    ready = int(os.environ.pop(READY_VARIABLE, "-1"))
    app = KernelApp.instance(
        parent_handle=os.getppid(),
        kernel_class=Kernel,
        outstream_class=f"{__name__}.{PiecewiseStream.__name__}",
        exec_PYTHONSTARTUP=False,
        config=Config(Session={"packer": f"{__name__}.{pack.__name__}"}),
    )
    app.initialize(arguments)
    adopt()
    sys.path[:0] = own_path()
    if ready >= 0:
        os.write(ready, b"1")
        os.close(ready)
    app.start()


if __name__ == "__main__":
    main(sys.argv[1:])
