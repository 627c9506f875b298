"""What people say of a change: kept for ever and shown in terminals, so it has to be text that shows what it is."""

from __future__ import annotations

import re

from studio.core.errors import BadInput

LONGEST = 20_000
"""Characters that a message or a comment may have."""
# Controls but for line ends and tabs, torn characters, and those that turn the direction of writing.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def check_message(text: str) -> str:
    """`text` with line ends made one and without white space at its ends.

    Raises
    ------
    BadInput
        When it is too long, or holds what a terminal would obey instead of showing it.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise BadInput(
            f"The message has {len(text):,} characters, and {LONGEST:,} are allowed. "
            "Next: say it in fewer words, and point to the rest."
        )
    found = _UNFIT.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise BadInput(
            f"The message holds the character U+{ord(found.group()):04X} in line {line}, which a terminal would obey "
            "and not show. Next: leave it out."
        )
    return text
