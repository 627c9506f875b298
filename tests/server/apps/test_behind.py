"""How Jupyter starts the server of the apps, and what becomes of Voila's previews."""

from __future__ import annotations

import sys

from traitlets.config import Config

from studio.server.apps import DENIED, behind


def test_the_command_names_workspace_socket_and_parent() -> None:
    words = behind.command("/home/me/{odd}", "/tmp/s", "/user/me/")
    assert words[:4] == [sys.executable, "-P", "-m", "studio.server.apps"]
    filled = [word.format(port=1, unix_socket="x", base_url="/") for word in words]
    assert filled[filled.index("--workspace") + 1] == "/home/me/{odd}"
    assert filled[filled.index("--base-url") + 1] == "/user/me/studio-apps/"
    assert behind.address("/user/me/", "page") == "/user/me/studio-apps/app/page"


def test_previews_with_our_template_ask_nobody_else() -> None:
    config = Config({"VoilaConfiguration": {"template": "studio"}})
    behind.tame_previews(config)
    page = {"fullMathjaxUrl": "https://cdnjs.cloudflare.com/x", "mathjaxConfig": "x", "kept": 1}
    assert config.VoilaConfiguration.page_config_hook(page, notebook_path="a") == {
        "fullMathjaxUrl": None,
        "mathjaxConfig": None,
        "kept": 1,
    }
    assert config.VoilaConfiguration.extension_denylist == list(DENIED)


def test_previews_with_another_template_are_left_alone() -> None:
    for config in (Config(), Config({"VoilaConfiguration": {"template": "lab"}})):
        behind.tame_previews(config)
        assert "page_config_hook" not in config.VoilaConfiguration
