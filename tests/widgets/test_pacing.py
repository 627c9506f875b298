from __future__ import annotations

import threading
import time

from studio.widgets.pacing import Pace


def test_the_first_call_is_made_at_once():
    calls = []
    Pace(lambda: calls.append(1), 60).wish()
    assert calls == [1]


def test_many_wishes_are_few_calls_and_the_last_is_kept():
    calls, state = [], {"at": 0}
    pace = Pace(lambda: calls.append(state["at"]), 0.05)
    for at in range(1, 501):
        state["at"] = at
        pace.wish()
    end = time.monotonic() + 5
    while calls[-1] != 500 and time.monotonic() < end:
        time.sleep(0.01)
    assert calls[-1] == 500
    assert len(calls) < 50


def test_a_call_now_takes_the_place_of_the_one_that_waits():
    calls = []
    pace = Pace(lambda: calls.append(1), 0.2)
    pace.wish()
    pace.wish()
    pace.now()
    time.sleep(0.4)
    assert calls == [1, 1]


def test_wishes_come_from_every_thread():
    calls = []
    pace = Pace(lambda: calls.append(1), 0.01)
    threads = [threading.Thread(target=lambda: [pace.wish() for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(0.1)
    assert calls
    before = len(calls)
    pace.wish()
    time.sleep(0.1)
    assert len(calls) == before + 1
