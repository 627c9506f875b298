"""Facts as people read them: times, numbers, counts, and what a value is."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?(?:Z|\+00:00)\Z")
LONGEST = 120
NOTHING = "\N{EN DASH}"


def seconds(given: float | None) -> str:
    """``0.4 s``, ``2 min 5 s``, ``1 h 10 min``; empty where none is known."""
    if given is None:
        return ""
    if given < 60:
        return f"{given:.1f} s"
    minutes, rest = divmod(round(given), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(text: str | None) -> str:
    """A time of a record to the minute, ``2026-03-03 09:30 UTC``; another text as it is."""
    found = _MOMENT.match(text or "")
    return f"{found[1]} {found[2]} UTC" if found else (text or "")


def number(value: object) -> str:
    """A measure with six digits that count; another value as `value_text` writes it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value_text(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{value:.6g}"
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else str(value)


def change(old: object, new: object) -> str:
    """How far `new` is from `old`, ``+0.012 (+1.4 %)``; empty where both are no finite numbers or are the same."""
    if not _is_number(old) or not _is_number(new) or old == new:
        return ""
    difference = float(new) - float(old)  # type: ignore[arg-type]
    share = f" ({difference / abs(float(old)):+.1%})".replace("%", " %") if old else ""  # type: ignore[arg-type]
    return f"{difference:+.4g}{share}".replace("-", "\N{MINUS SIGN}")


def value_text(value: Any) -> str:
    """A parameter's value in its JSON form, as one short line."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict) and list(value) == ["secret"]:
        return f"the secret in {value['secret']}"
    if isinstance(value, dict) and list(value) == ["float"]:
        return str(value["float"])
    return cut(json.dumps(value, ensure_ascii=False, default=str))


def cut(text: str, most: int = LONGEST) -> str:
    """`text` with its end left out where it is longer than `most`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 run``, ``1,200 runs``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(counts: dict[str, int]) -> str:
    """``3 completed, 1 failed`` of how many there are of each; what there is none of is left out."""
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
