from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from studio.core.errors import BadInput, Problems
from studio.core.settings import Settings, load_settings


def read(folder: Path, content: str | bytes) -> Settings:
    file = folder / "studio.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_settings(file)


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Settings()


def test_settings_are_read_and_frozen(tmp_path: Path) -> None:
    settings = read(
        tmp_path, 'version = 1\n[project]\nname = "x"\n[tracking]\nuri = "sqlite:///x.db"\n[running]\njobs = 3\n'
    )
    assert (settings.project.name, settings.tracking.uri, settings.running.jobs) == ("x", "sqlite:///x.db", 3)
    with pytest.raises(ValidationError):
        settings.running.jobs = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("[running]\njobz = 1\n", "studio.toml: running.jobz: There is no key 'jobz' here. Did you mean 'jobs'?"),
        ("[running]\njobs = 0\n", "studio.toml: running.jobs: At least 1 is expected here. Found: 0."),
        ("version = 2\n", "studio.toml: version: Allowed is 1. Found: 2."),
    ],
)
def test_keys_and_values_that_are_not_allowed(tmp_path: Path, content: str, part: str) -> None:
    with pytest.raises(Problems) as caught:
        read(tmp_path, content)
    assert part in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"studio\.toml is not valid TOML: .*line 2.* Next: "):
        read(tmp_path, "version = 1\n[[[\n")
    with pytest.raises(BadInput, match=r"is not UTF-8 text: .* at byte 0"):
        read(tmp_path, b"\xff")
    for odd in ("version = " + "9" * 5000, "version = 1\nx = " + "[" * 5000):
        with pytest.raises(BadInput, match=r"studio\.toml is not valid TOML: .* Next: "):
            read(tmp_path, odd)
    with pytest.raises(BadInput, match="cannot be read"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["", "a\x00b", "line\nbreak", " spaced", "x" * 101])
def test_a_project_name_that_no_experiment_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problems, match=r"project\.name"):
        read(tmp_path, f"[project]\nname = {json.dumps(name)}\n")


ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJHIziL55roZzpTKY88kMHe4SOHpYQvGZV7E7onF5udh"


def test_a_key_is_kept_without_its_comment(tmp_path: Path) -> None:
    settings = read(tmp_path, f'[people.ada]\nemails = ["ada@example.org"]\nkeys = ["{ED25519}  ada at home"]\n')
    assert settings.people["ada"].keys == (ED25519,)


def ada(**keys: str) -> str:
    return f'ada = {{emails = ["a@x"], {", ".join(f"{name} = [{json.dumps(key)}]" for name, key in keys.items())}}}'


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ('ada = {emails = ["a@x"]}\nben = {emails = ["b@x", "A@X"]}', "ada and ben share the address a@x"),
        (ada(keys=ED25519) + f'\nben = {{emails = ["b@x"], keys = ["{ED25519} b"]}}', "share the key"),
        (ada(keys=ED25519, revoked_keys=f"{ED25519} old"), "a key of ada is current and revoked at once"),
        (ada(keys=ED25519[:60]), "cut off or altered"),
        (ada(keys=ED25519[:61]), "base64 is broken"),
        (ada(revoked_keys=ED25519.replace("ssh-ed25519", "ssh-rsa")), "cut off or altered"),
        (ada(keys="-----BEGIN OPENSSH PRIVATE KEY-----"), "a public key on one line"),
        ('ada = {emails = ["ada"]}', "'ada' is none"),
        ("ada = {emails = []}", "At least 1 entry"),
        ('"ada b" = {emails = ["a@x"]}', "'ada b' is no short name"),
        ('ada = {emails = ["a@x"], roles = ["boss"]}', "'ML engineer'"),
    ],
)
def test_people_who_cannot_be_told_apart(tmp_path: Path, people: str, sentence: str) -> None:
    with pytest.raises(Problems) as caught:
        read(tmp_path, f"[people]\n{people}\n")
    assert sentence.lower() in str(caught.value).lower()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("pattern", ["", "/notebooks/*", "~/x", "../x", "notebooks/../x", "notebooks\\\\x"])
def test_a_pattern_that_can_fit_nothing(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(Problems, match=r"A pattern of paths in the workspace is expected here"):
        read(tmp_path, f'[[policy.approvals]]\nnotebooks = ["{pattern}"]\nsignatures = true\n')
