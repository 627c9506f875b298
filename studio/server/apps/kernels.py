"""The kernels of the apps: never more than the cap, each under a supervisor, each gone when nobody looks at its page.

A kernel belongs to one page. It is *kept* while its page waits for a visitor, *given* when the page was sent to one,
and *open* once the page has connected. It ends when the page says farewell, when nobody comes to fetch or connect a
page that was given, when the page has been away for longer than a connection may be interrupted, when nothing happens
for long, and when it dies.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from traitlets import Unicode

from studio.core.workspace import Workspace
from studio.governance.people import VARIABLE as ACTOR
from studio.pipelines.kernels import specs

_PASSED = (ACTOR, "STUDIO_LEDGER_URL")
"""What a run's kernels are not told, and an app needs: it starts runs as its user does on the command line."""
_LANGUAGE = "python"
_MOMENT = 0.02
Phase = Literal["kept", "given", "open"]


class Full(Exception):
    """The cap is reached: no kernel was started."""


@dataclass(frozen=True)
class Patience:
    """How long a kernel is kept without a sign, in seconds.

    Attributes
    ----------
    arrival : float
        From sending a page until it connects.
    absence : float
        From losing the connection until it comes back.
    idle : float
        Without anything that a person or the app did.
    """

    arrival: float = 60.0
    absence: float = 20.0
    idle: float = 1800.0


@dataclass
class Kept:
    """What is known of one kernel beside what jupyter_server knows.

    Attributes
    ----------
    app : str
        The app's name.
    phase : str
        As the module says.
    connections : int
        How many websockets its page holds.
    since : float
        When the phase began or the number of connections changed, on the monotonic clock.
    faults : list of str
        Numbers of errors that its page has not been told of.
    """

    app: str
    phase: Phase = "kept"
    connections: int = 0
    since: float = field(default_factory=time.monotonic)
    faults: list[str] = field(default_factory=list)


class OnePython(KernelSpecManager):  # type: ignore[misc]  # jupyter_client is not typed for us
    """Knows one kernel, Python as Studio starts it, whatever lies about on the machine."""

    folder = Unicode()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The specification of the one kernel."""
        provisioner = {"provisioner_name": specs.PROVISIONER, "config": {"folder": self.folder}}
        return KernelSpec(
            argv=specs.kernel_command(),
            display_name="Python",
            language=_LANGUAGE,
            name=kernel_name,
            metadata={"kernel_provisioner": provisioner},
        )

    def get_all_specs(self) -> dict[str, Any]:
        """The one kernel as Jupyter lists kernels."""
        return {specs.KERNEL_NAME: {"spec": self.get_kernel_spec(specs.KERNEL_NAME).to_dict()}}


class AppKernels(AsyncMappingKernelManager):
    """jupyter_server's kernels, with a cap and an end.

    Parameters
    ----------
    workspace : Workspace
        Where the apps work.
    limit : int
        The cap: kernels alive or starting at one time.
    patience : Patience
        How long a kernel is kept without a sign.
    given : mapping
        Environment variables for every kernel.
    """

    def __init__(self, workspace: Workspace, limit: int, patience: Patience, given: Mapping[str, str]) -> None:
        super().__init__(kernel_spec_manager=OnePython(), root_dir=str(workspace.root))  # type: ignore[no-untyped-call]
        self.workspace = workspace
        self.limit = limit
        self.patience = patience
        self.kept: dict[str, Kept] = {}
        self.most = 0
        """The most kernels that there were at one time."""
        self._given = dict(given)
        self._owners: dict[str, ServerKernelManager] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}
        # A page tells a kernel what its widgets do, and nothing else: above all no code.
        self.allowed_message_types = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]

    def reserve(self, app: str) -> str:
        """The identifier of a kernel for a page of `app`, which takes its place under the cap from now on.

        Raises
        ------
        Full
            When that would be one more than the cap.
        """
        if len(self.kept) >= self.limit:
            raise Full
        kernel_id = str(self.new_kernel_id())
        self.kept[kernel_id] = Kept(app)
        self.most = max(self.most, len(self.kept))
        return kernel_id

    async def open(self, kernel_id: str, folder: Path) -> None:
        """Start a reserved kernel in `folder`; whoever reserved it ends it also when this fails."""
        await self.start_kernel(kernel_id=kernel_id, kernel_name=specs.KERNEL_NAME, cwd=str(folder))

    def pre_start_kernel(self, _: str | None, kwargs: dict[str, Any]) -> tuple[ServerKernelManager, str, str]:
        """The object for a new kernel with a folder of its own, and a clean environment for it."""
        kernel_id, folder = kwargs.pop("kernel_id"), specs.new_folder()
        inherited = {name: os.environ[name] for name in _PASSED if name in os.environ}
        given = self.workspace.environment | inherited | self._given
        given["STUDIO_APP"] = self.kept[kernel_id].app
        kwargs["env"] = specs.kernel_environment(given, folder)
        # The factory shares one ZeroMQ context: one of its own would close sockets under the hands of a websocket.
        owner: ServerKernelManager = self.kernel_manager_factory(
            kernel_name=specs.KERNEL_NAME,
            kernel_spec_manager=OnePython(folder=str(folder.path)),
            connection_file=str(folder.connection_file),
            transport=folder.transport,
            cache_ports=folder.transport == "tcp",
            autorestart=False,  # a restarted kernel knows nothing of its page
            parent=self,
            log=self.log,
        )
        self._owners[kernel_id] = owner
        return owner, specs.KERNEL_NAME, kernel_id

    def give(self, kernel_id: str) -> None:
        """The kernel's page was sent to a visitor."""
        self._turn(kernel_id, "given")

    def shown(self, kernel_id: str) -> Kept | None:
        """What is known of a kernel whose page somebody has; None for one that is kept ready, ends, or is not there."""
        kept = self.kept.get(kernel_id)
        return None if kept is None or kept.phase == "kept" or kernel_id in self._endings else kept

    def notify_connect(self, kernel_id: str) -> None:
        """A page has connected."""
        super().notify_connect(kernel_id)  # type: ignore[no-untyped-call]
        if (kept := self.kept.get(kernel_id)) is not None:
            kept.connections += 1
            self._turn(kernel_id, "open")

    def notify_disconnect(self, kernel_id: str) -> None:
        """A page has lost its connection, or is closed."""
        super().notify_disconnect(kernel_id)  # type: ignore[no-untyped-call]
        if (kept := self.kept.get(kernel_id)) is not None:
            kept.connections = max(0, kept.connections - 1)
            kept.since = time.monotonic()

    def _turn(self, kernel_id: str, phase: Phase) -> None:
        if (kept := self.kept.get(kernel_id)) is not None:
            kept.phase, kept.since = phase, time.monotonic()

    def tend(self) -> None:
        """End the kernels whose time has come; to be called every second or so."""
        now = time.monotonic()
        for kernel_id in [kernel_id for kernel_id, kept in self.kept.items() if self._is_due(kernel_id, kept, now)]:
            self.end_soon(kernel_id)

    def _is_due(self, kernel_id: str, kept: Kept, now: float) -> bool:
        owner = self._kernels.get(kernel_id)
        if owner is None:
            return False  # it is starting, and whoever started it waits for it
        process = getattr(owner.provisioner, "process", None)
        if process is None or process.poll() is not None:
            return True
        if kept.phase == "kept":
            return False  # it belongs to the pages that are kept ready
        if kept.connections == 0:
            return now - kept.since > (self.patience.absence if kept.phase == "open" else self.patience.arrival)
        busy = owner.execution_state == "busy"
        return not busy and now - self._active(owner, kept.since, now) > self.patience.idle

    @staticmethod
    def _active(owner: ServerKernelManager, since: float, now: float) -> float:
        """When something happened last, on the monotonic clock."""
        ago: float = time.time() - owner.last_activity.timestamp()
        return max(since, now - max(0.0, ago))

    def end_soon(self, kernel_id: str) -> asyncio.Task[None] | None:
        """End a kernel without waiting for it; None where there is no such kernel."""
        if kernel_id not in self.kept:
            return None
        if kernel_id not in self._endings:
            ending = asyncio.get_running_loop().create_task(self._end(kernel_id))
            self._endings[kernel_id] = ending
            ending.add_done_callback(lambda _: self._endings.pop(kernel_id, None))
        return self._endings[kernel_id]

    async def end(self, kernel_id: str) -> None:
        """Kill the kernel and all that it started, and wait until nothing is left of it."""
        if (ending := self.end_soon(kernel_id)) is not None:
            await asyncio.shield(ending)

    async def end_all(self) -> None:
        """End every kernel."""
        while self.kept:
            await asyncio.gather(*(self.end(kernel_id) for kernel_id in list(self.kept)))

    async def _end(self, kernel_id: str) -> None:
        owner = self._owners.pop(kernel_id, None)
        process = None if owner is None else getattr(owner.provisioner, "process", None)
        try:
            if kernel_id in self:
                await self.shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]
        except Exception:
            self.log.exception("the kernel %s did not end as it should", kernel_id)
        finally:
            if process is not None and not process.gone:
                process.kill()
                while not process.gone:
                    await asyncio.sleep(_MOMENT)
                    process.pump()
            self.remove_kernel(kernel_id)
            # Only now is there room for another one.
            self.kept.pop(kernel_id, None)
