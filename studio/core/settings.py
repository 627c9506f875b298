"""studio.toml read into one frozen object."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from studio.core.addresses import password_in
from studio.core.documents import Section, validate
from studio.core.errors import BadInput
from studio.core.identifiers import suggest

FORMAT = 1


class Project(Section):
    """What this workspace is."""

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=100, description="The project's name; also the folder of its MLflow experiments."
        ),
    ] = "studio"

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("a name without control characters, and without spaces at its ends, is expected here")
        return value


class Tracking(Section):
    """Where runs are recorded."""

    uri: Annotated[
        str | None,
        Field(description="An MLflow tracking URI; without it MLFLOW_TRACKING_URI, else SQLite in .studio/."),
    ] = None


class Running(Section):
    """How pipelines run here."""

    jobs: Annotated[int, Field(ge=1, le=256, description="How many independent steps run at the same time.")] = 1
    cell_output_limit: Annotated[
        int, Field(ge=1_000, description="Characters of output kept of one cell; the rest is cut and marked.")
    ] = 2_000_000
    start_timeout: Annotated[int, Field(ge=1, le=86_400, description="Seconds a kernel may take to start.")] = 60


Role = Literal["analyst", "data scientist", "ML engineer", "operator", "owner"]
Rung = Literal["code", "data", "pipeline", "model"]
Rule = Literal["tests", "gates", "approval", "clean tree"]
"""What an environment can demand: passed tests, passed gates, approved content, a tree without uncommitted changes."""

_ADDRESS = re.compile(r"[^\s@<>,\"]+@[^\s@<>,\"]+")
_SHORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY_TYPES = {
    "ssh-ed25519": 2,
    "ssh-rsa": 3,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ssh-ed25519@openssh.com": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
}
"""Types of SSH public keys, each with how many fields its key holds (RFC 4253, RFC 5656, OpenSSH's PROTOCOL.u2f)."""


def public_key(line: str) -> str:
    """An SSH public key as ``type base64``, its comment left out, so that one key has one text.

    Raises
    ------
    ValueError
        When the line is no public key.
    """
    words = line.split(maxsplit=2)
    expected = "a public key on one line is expected here, such as ssh-ed25519 AAAAC3… (the .pub file's content)"
    if len(words) < 2 or not line.isprintable() or words[0] not in _KEY_TYPES:
        raise ValueError(expected)
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ValueError(f"{expected}; this one's base64 is broken") from error
    parts, place = [], 0
    while place + 4 <= len(blob):
        end = place + 4 + int.from_bytes(blob[place : place + 4], "big")
        parts.append(blob[place + 4 : end])
        place = end
    if place != len(blob) or len(parts) != _KEY_TYPES[words[0]] or parts[0] != words[0].encode():
        raise ValueError(f"{expected}; this one was cut off or altered")
    return f"{words[0]} {base64.b64encode(blob).decode()}"


class Person(Section):
    """Somebody who works here."""

    name: Annotated[str, Field(description="The name that reviews and the ledger show.")] = ""
    emails: Annotated[
        tuple[str, ...], Field(min_length=1, description="The addresses under which git knows the person.")
    ]
    roles: Annotated[tuple[Role, ...], Field(description="What the person is here.")] = ()
    keys: Annotated[
        tuple[str, ...], Field(description="SSH public keys (one line each) whose signatures are the person's.")
    ] = ()
    revoked_keys: Annotated[
        tuple[str, ...], Field(description="SSH public keys that the person no longer uses: their signatures are void.")
    ] = ()

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("a name without control characters, and without spaces at its ends, is expected here")
        return value

    @field_validator("emails")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [address for address in value if not _ADDRESS.fullmatch(address)]:
            raise ValueError(f"an address such as ada@example.org is expected here, and {wrong[0][:60]!r} is none")
        return value

    @field_validator("keys", "revoked_keys")
    @classmethod
    def _keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(public_key(line) for line in value)


class ApprovalRule(Section):
    """Who may approve which content, and what an approval needs."""

    notebooks: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Patterns of paths, such as notebooks/churn/*; pipelines/*.yml for pipelines."),
    ] = ("**",)
    roles: Annotated[tuple[Role, ...], Field(min_length=1, description="Roles that may approve.")] = (
        "ML engineer",
        "owner",
    )
    needed: Annotated[int, Field(ge=1, le=20, description="How many people have to approve.")] = 1
    own_changes: Annotated[bool, Field(description="Whether an author may approve their own change.")] = False
    signatures: Annotated[bool, Field(description="Whether an approval has to be signed with an SSH key.")] = False

    @field_validator("notebooks")
    @classmethod
    def _relative(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # A pattern that can fit nothing would silently leave its content to the next rule.
        for pattern in value:
            if not pattern or pattern.startswith(("/", "~")) or "\\" in pattern or ".." in pattern.split("/"):
                raise ValueError(f"a pattern of paths in the workspace is expected here, and {pattern!r} fits none")
        return value


class Policy(Section):
    """The rules of governance."""

    allowed_signers: Annotated[
        str | None,
        Field(description="A file of allowed signers as ssh-keygen reads it, beside the keys of the people here."),
    ] = None
    approvals: Annotated[
        tuple[ApprovalRule, ...], Field(description="The first rule whose pattern fits the content holds.")
    ] = ()
    same_environment: Annotated[
        bool, Field(description="Whether an approval lapses when the installed distributions change.")
    ] = True


class Environment(Section):
    """An environment that runs happen in, and what it demands of them."""

    requires: Annotated[tuple[Rule, ...], Field(description="What must hold before a run, or at its end.")] = ()
    roles: Annotated[tuple[Role, ...], Field(description="Roles that may run here; empty: everybody.")] = ()

    @property
    def guarded(self) -> bool:
        """Whether anything is demanded here."""
        return bool(self.requires or self.roles)


SCENARIO = "scenario"
ENVIRONMENTS = {
    "dev": Environment(),
    "staging": Environment(requires=("tests", "gates")),
    "prod": Environment(
        requires=("tests", "gates", "approval", "clean tree"), roles=("ML engineer", "operator", "owner")
    ),
    # What-if cases: other values on approved content, by everybody who is something here.
    SCENARIO: Environment(requires=("approval",), roles=get_args(Role)),
}


class LedgerSettings(Section):
    """Where the ledger is kept."""

    url: Annotated[
        str | None,
        Field(
            description="A SQLAlchemy URL without a password; without it STUDIO_LEDGER_URL, else SQLite in .studio/."
        ),
    ] = None

    @field_validator("url")
    @classmethod
    def _no_password(cls, value: str | None) -> str | None:
        if value is not None and password_in(value):
            raise ValueError("a URL without a password is expected here; put the whole URL into STUDIO_LEDGER_URL")
        return value


class Checking(Section):
    """What `studio check` looks for."""

    ignore: Annotated[tuple[str, ...], Field(description="Rules that are not checked here, by their names.")] = ()
    output_limit: Annotated[
        int, Field(ge=1_000, description="Bytes of stored output above which a cell is reported.")
    ] = 1_000_000


class Testing(Section):
    """How `studio test` works."""

    timeout: Annotated[float, Field(gt=0, le=86_400, description="Seconds that one test may take.")] = 300.0
    examples: Annotated[
        int, Field(ge=1, le=10_000, description="Generated frames that are pushed through each function.")
    ] = 20


class Increments(Section):
    """How large a commit may be before the hook warns."""

    notebooks: Annotated[int, Field(ge=1, description="Changed notebooks in one commit.")] = 3
    cells: Annotated[int, Field(ge=1, description="Changed cells in one commit.")] = 30


class Settings(Section):
    """The content of studio.toml."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    project: Project = Project()
    tracking: Tracking = Tracking()
    running: Running = Running()
    people: Annotated[dict[str, Person], Field(description="The people who work here, by a short name.")] = Field(
        default_factory=dict
    )
    policy: Policy = Policy()
    environments: Annotated[
        dict[str, Environment],
        Field(description="Environments by name; dev, staging, prod and scenario are there unless described anew."),
    ] = Field(default_factory=dict)
    ledger: LedgerSettings = LedgerSettings()
    checks: Checking = Checking()
    tests: Testing = Testing()
    increments: Increments = Increments()

    @field_validator("people")
    @classmethod
    def _apart(cls, people: dict[str, Person]) -> dict[str, Person]:
        if wrong := [name for name in people if not _SHORT_NAME.fullmatch(name)]:
            raise ValueError(f"{wrong[0][:60]!r} is no short name: letters, digits, '.', '_' and '-' make one")
        _each_one_person({name: {address.lower() for address in one.emails} for name, one in people.items()}, "address")
        _each_one_person({name: {*one.keys, *one.revoked_keys} for name, one in people.items()}, "key")
        revoked = {key: name for name, person in people.items() for key in person.revoked_keys}
        for name, person in people.items():
            for key in person.keys:
                if key in revoked:
                    raise ValueError(
                        f"a key of {name} is current and revoked at once: {key}; take it out of one of them"
                    )
        return people

    def environment(self, name: str) -> Environment:
        """The environment `name`; BadInput where there is none."""
        known = {**ENVIRONMENTS, **self.environments}
        if name not in known:
            raise BadInput(f"There is no environment {name[:100]!r} in studio.toml. {suggest(name, known)}")
        return known[name]


def _each_one_person(owned: Mapping[str, set[str]], what: str) -> None:
    owners: dict[str, str] = {}
    for name, things in owned.items():
        for thing in sorted(things):
            if owners.setdefault(thing, name) != name:
                raise ValueError(
                    f"{owners[thing]} and {name} share the {what} {thing}; each {what} belongs to one person"
                )


def load_settings(path: Path) -> Settings:
    """Read `path`.

    Raises
    ------
    BadInput
        When it cannot be read or is not TOML.
    Problems
        When keys or values are not what the format allows.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not UTF-8 text: {error.reason} at byte {error.start}. Next: save it as UTF-8."
        ) from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}. Next: restore the file or its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        # Beside what TOMLDecodeError says: a number of thousands of digits, and brackets in thousands of brackets.
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise BadInput(f"{path} is not valid TOML: {reason}. Next: correct that place.") from error
    return validate(Settings, content, path.name)
