"""`ecom secrets`: values go into the workspace and are seen nowhere; what is missing is named."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.service.workspace import AclPermission

from infra.environments import LOCAL, PROD
from infra.secrets import SECRETS, Secret, SecretError
from local.workspace.api.secrets import read_secret
from scripts.errors import CommandError
from scripts.secrets import command
from scripts.secrets.expected import Held, findings

slow = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-7f3a9b52-do-not-tell"
TWO = (*SECRETS, Secret("email", "second", "Another one."))
VARIABLES = {"ECOM_SECRET_EMAIL_PASSWORD": CANARY}


def stored(desk: Any, key: str = "password") -> str:
    return read_secret(desk.workspace.jobs.ledger._store, "email", key).decode()


def keys(desk: Any) -> list[str]:
    return [each.key for each in desk.workspace.client.secrets.list_secrets("email")]


def said_nowhere(desk: Any, *outputs: str) -> None:
    for output in (*outputs, desk.out.getvalue(), desk.err.getvalue()):
        assert CANARY not in output
    logs = [file for file in (desk.workspace.root / "log").rglob("*") if file.is_file()]
    assert all(CANARY.encode() not in file.read_bytes() for file in logs)


@slow
def test_a_value_goes_from_the_variable_into_the_workspace_only(desk: Any) -> None:
    desk.workspace.client.secrets.create_scope("email")
    typed = desk.typed("secrets", "sync", "--json", **VARIABLES)
    answer, said = typed.communicate(timeout=60)
    assert typed.returncode == 0, said
    wanted = [{"secret": "email/password", "source": "ECOM_SECRET_EMAIL_PASSWORD"}]
    assert json.loads(answer)["written"] == wanted
    assert stored(desk) == CANARY
    said_nowhere(desk, answer, said)


@slow
def test_a_prompt_does_not_echo(desk: Any) -> None:
    desk.workspace.client.secrets.create_scope("email")
    ours, theirs = pty.openpty()
    typed = subprocess.Popen(
        [sys.executable, "-m", "scripts", "secrets", "sync"],
        cwd=ROOT,
        env=desk.variables(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen = read_until(ours, "email/password")
    time.sleep(0.3)  # the prompt switches the echo off before it reads
    os.write(ours, f"{CANARY}\n".encode())
    screen += read_until(ours, "written from a prompt")
    assert typed.wait(60) == 0
    os.close(ours)
    assert stored(desk) == CANARY
    said_nowhere(desk, screen)


def read_until(terminal: int, wanted: str, seconds: float = 60) -> str:
    text, deadline = "", time.monotonic() + seconds
    while wanted not in text:
        assert time.monotonic() < deadline, text
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 4096).decode()
    return text


@slow
def test_nothing_is_written_before_every_value_is_there(desk: Any) -> None:
    desk.workspace.client.secrets.create_scope("email")
    with pytest.raises(CommandError, match=r"No value for: ECOM_SECRET_EMAIL_SECOND \(email/second\)"):
        command.sync(desk.session(), [], False, TWO, VARIABLES)
    with pytest.raises(CommandError, match="No value for email/second: nothing was written"):
        command.sync(desk.session(), [], False, TWO, VARIABLES, prompt=lambda _: "")
    assert keys(desk) == []
    assert command.sync(desk.session(), [], True, TWO, VARIABLES) == 0  # a dry run asks nobody
    assert [each["source"] for each in desk.answer["written"]] == ["ECOM_SECRET_EMAIL_PASSWORD", "a prompt"]
    assert keys(desk) == []
    assert command.sync(desk.session(), ["email/password"], False, TWO, VARIABLES) == 0
    assert keys(desk) == ["password"]
    assert command.sync(desk.session(), [], False, TWO, VARIABLES, prompt=lambda secret: f"for {secret.path}") == 0
    assert stored(desk, "second") == "for email/second"
    said_nowhere(desk)


@slow
def test_a_scope_that_is_not_there_and_a_name_that_is_none_are_told(desk: Any) -> None:
    with pytest.raises(CommandError, match="Secret scope 'email' is missing: cdktf deploy local makes it"):
        command.sync(desk.session(), [], False, SECRETS, VARIABLES)
    with pytest.raises(CommandError, match="--only 'mail/x': expected email/password"):
        command.sync(desk.session(), ["mail/x"], False, SECRETS, VARIABLES)


@slow
def test_check_tells_scopes_keys_and_access(desk: Any) -> None:
    client = desk.workspace.client.secrets
    assert command.check(desk.session(), SECRETS, {}) == 2
    assert [each["problem"] for each in desk.answer["findings"]] == ["the scope is missing"]
    client.create_scope("email")
    client.put_secret("email", "forgotten", string_value=CANARY)
    client.put_acl("email", "everybody", AclPermission.READ)
    assert command.check(desk.session(as_json=False), SECRETS, {}) == 2
    shown = desk.out.getvalue()
    for told in ("email/password", "nothing reads this key", "data-engineers has nothing instead of READ", "everybody"):
        assert told in shown
    client.put_secret("email", "password", string_value=CANARY)
    client.delete_secret("email", "forgotten")
    client.delete_acl("email", "everybody")
    client.put_acl("email", "data-engineers", AclPermission.READ)
    assert command.check(desk.session(), SECRETS, {}) == 0
    assert desk.answer["findings"] == []
    assert command.check(desk.session(), SECRETS, {"ECOM_RUN_AS": "8f1e4c1a-5a1e-4b67-9b6e-0d6f6a2f1c11"}) == 2
    said_nowhere(desk)


def test_the_creator_of_a_scope_is_no_finding_and_a_second_manager_is() -> None:
    levels = {"data-engineers": "READ", "deployer@example.com": "MANAGE"}
    assert findings(LOCAL, SECRETS, {"email": Held(frozenset({"password"}), levels)}) == []
    more = {**levels, "someone@example.com": "MANAGE"}
    found = findings(LOCAL, SECRETS, {"email": Held(frozenset({"password"}), more)})
    assert [each.about for each in found] == ["email: deployer@example.com", "email: someone@example.com"]


def test_prod_wants_to_know_whom_its_jobs_run_as() -> None:
    with pytest.raises(CommandError, match="ECOM_RUN_AS"):
        command.running_as(PROD, {})


def test_the_list_is_what_notebooks_read_and_the_stack_declares() -> None:
    sources = [file.read_text() for file in (ROOT / "notebooks").rglob("*.py")]
    read = {found for text in sources for found in re.findall(r'secrets\.get\("([^"]+)", "([^"]+)"\)', text)}
    calls = sum(text.count("dbutils.secrets.") for text in sources)
    assert calls == len(read), "write dbutils.secrets.get with both names as literals, once per secret"
    assert read == {(secret.scope, secret.key) for secret in SECRETS}
    stack = (ROOT / "infra" / "parts" / "foundation.py").read_text()
    assert set(re.findall(r'render_secret_scope\(scope, "([^"]+)"', stack)) == {secret.scope for secret in SECRETS}


def test_variables_are_named_after_scope_and_key() -> None:
    assert [secret.variable for secret in SECRETS] == ["ECOM_SECRET_EMAIL_PASSWORD"]
    assert Secret("a.b", "c-d", "x").variable == "ECOM_SECRET_A_B_C_D"
    with pytest.raises(SecretError, match="secret a/b c: 'b c' is no name"):
        Secret("a", "b c", "x")
