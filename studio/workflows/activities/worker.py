"""The program of one activity: ``python -m studio.workflows.activities.worker FOLDER LOCK``.

It listens to signals before anything heavy is imported, and its last event says how it ended, whatever happens.
LOCK is the descriptor of the folder's lock, which whoever started it took; the system frees it when this program dies.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

_SIGNALS = [signal.SIGINT, signal.SIGTERM]


def main(words: list[str]) -> int:
    """Do what the folder's request asks for; 0 when the end was told."""
    folder, held = Path(words[0]), int(words[1])
    os.set_inheritable(held, False)  # no kernel may keep the lock when this program is gone
    _listen()
    from studio.workflows.activities.events import FILE, EventWriter

    writer = EventWriter(folder / FILE)
    try:
        from studio.workflows.activities.performing import perform

        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        ending = perform(folder, writer)
    except KeyboardInterrupt:
        _deafen()
        following = f" Next: studio runs resume {writer.run}" if writer.run else ""
        ending = {"status": "stopped", "text": f"It was stopped before it came to its end.{following}"}
    except BaseException as error:  # noqa: BLE001  whatever it is, the end is told
        _deafen()
        ending = _unexpected(error)
    if writer.lost:
        writer.tell("message", text=f"{writer.lost} events could not be written, so what stands here has gaps.")
    writer.tell("ended", run=writer.run, **ending)
    return 0


def _unexpected(error: BaseException) -> dict[str, str]:
    import secrets

    number = secrets.token_hex(4)
    sys.stderr.write(f"Error number {number}\n")
    traceback.print_exception(error)
    text = (
        f"It met an error that nobody foresaw (error number {number}). "
        f"Next: look for {number} in its log, .studio/activities/, and report what stands there."
    )
    return {"status": "failed", "text": text}


def _listen() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, stop)


def _deafen() -> None:
    """The end is being told: what comes now is too late."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
