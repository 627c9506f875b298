"""A review packet: its facts in a few lines, and its page in a frame without any rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets
from jinja2 import TemplateError

from studio.core.errors import BadInput
from studio.notebooks.review.packet import FORMAT, Packet
from studio.notebooks.review.page import packet_page
from studio.widgets.plain import Frame, Plain, Sentence, Table
from studio.widgets.texts import NOTHING, change, cut, listed, moment, number, plural
from studio.widgets.widget import FACTS, Widget

_MOST_MEASURES = 20


class ReviewPacket(Widget, files="review_packet"):
    """What a reviewer has to see about one submission.

    Parameters
    ----------
    packet : Packet or mapping
        A packet, or the content of a submission's ``packet.json``.

    Raises
    ------
    BadInput
        When `packet` is something else.
    """

    _facts = traitlets.Dict().tag(**FACTS)
    _page = traitlets.Unicode("").tag(**FACTS)

    def __init__(self, packet: Packet | Mapping[str, Any]) -> None:
        content = packet.as_dict() if isinstance(packet, Packet) else packet
        try:
            if content["version"] != FORMAT:
                raise KeyError("version")
            facts, page = _facts_of(content), packet_page(content)
        except (LookupError, TypeError, ValueError, AttributeError, TemplateError) as error:
            raise BadInput(
                "This is no review packet, or one of another version of Studio. Next: pass the content of a "
                f"submission's packet.json ({type(error).__name__}: {cut(str(error), 200)})."
            ) from error
        super().__init__(_facts=facts, _page=page)

    def _plain(self) -> Plain:
        facts = self._facts
        about = [(name, text) for name, text in facts["about"] if text]
        measures = [(row["name"], row["old"], row["new"], row["change"]) for row in facts["measures"]]
        parts: list[Table | Sentence | Frame] = [Table("", (), about)]
        if measures:
            parts.append(Table("Measures", ("Measure", "Before", "Now", "Change"), measures))
        instead = (
            "The whole packet is too long for a notebook's file. Next: open the page packet.html beside packet.json."
        )
        parts.append(Frame(facts["frame"], self._page, instead))
        return Plain(facts["title"], parts)


def _facts_of(content: Mapping[str, Any]) -> dict[str, Any]:
    summary = content["summary"]
    tests = listed(summary["tests"]) if summary["tests"] else "not tested"
    changed = "changed" if summary["fingerprint_changed"] else "not changed"
    known = content["fingerprint"]["new"] is not None
    rows = content["metrics"]["rows"]
    about = [
        ("Notebook", content["subject"]),
        ("By", content["author"]),
        ("When", moment(content["time"])),
        ("Why", content["message"]),
        ("Compared with", content["base"]),
        ("Cells", summary["cells"]),
        ("What decides execution", changed if known else ""),
        ("Tests", tests),
        ("Findings", plural(summary["findings"], "finding") if summary["findings"] else "none"),
        ("Comments", plural(summary["comments"], "comment") if summary["comments"] else "none"),
        ("Who approves", content["policy"]),
    ]
    return {
        "title": f"Review of {content['title']}",
        "frame": f"The review packet of {content['title']}",
        "submission": content["submission"],
        "ok": summary["tests_ok"],
        "about": [[name, cut(text, 1_000)] for name, text in about],
        "measures": [
            {
                "name": row["name"],
                "old": NOTHING if row["old"] is None else number(row["old"]),
                "new": NOTHING if row["new"] is None else number(row["new"]),
                "change": change(row["old"], row["new"]),
            }
            for row in rows[:_MOST_MEASURES]
        ],
        "measures_left_out": len(rows) - len(rows[:_MOST_MEASURES]),
    }
