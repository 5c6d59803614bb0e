"""`ecom secrets sync` and `check`. A value goes from the operator into the request that stores it, nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from rich.table import Table

from infra.environments import ConfigurationError, Environment
from infra.secrets import SECRETS, Secret
from scripts.errors import CommandError
from scripts.secrets import expected
from scripts.session import Session, asking

CHANGES = 2

Prompt = Callable[[Secret], str]


def sync(
    session: Session,
    only: Sequence[str],
    dry_run: bool,
    secrets: Sequence[Secret] = SECRETS,
    variables: Mapping[str, str] = os.environ,
    prompt: Prompt | None = None,
) -> int:
    """Write secrets into the workspace; every value is at hand before the first is written.

    The workspace gives no value back, so nobody can say which of them changed: they are written.
    """
    chosen = chosen_secrets(secrets, only)
    missing = [secret for secret in chosen if not variables.get(secret.variable)]
    if missing and prompt is None and not dry_run:
        named = ", ".join(f"{secret.variable} ({secret.path})" for secret in missing)
        raise CommandError(f"No value for: {named}. Set the variable, or run it in a terminal to be asked.")
    with asking(session.client):
        there = {scope.name for scope in session.client.secrets.list_scopes()}
    if gone := sorted({secret.scope for secret in chosen} - there):
        raise CommandError(f"Secret scope {gone[0]!r} is missing: cdktf deploy {session.env.name} makes it.")
    sources = {secret.path: "a prompt" if secret in missing else secret.variable for secret in chosen}
    if not dry_run:
        values = {secret.path: variables.get(secret.variable) or _asked(secret, prompt) for secret in chosen}
        with asking(session.client):
            for secret in chosen:
                session.client.secrets.put_secret(secret.scope, secret.key, string_value=values[secret.path])
                session.tell(f"  {secret.path}: written")
    verb = "would be written" if dry_run else "written"
    text = "\n".join(f"{path}: {verb} from {source}" for path, source in sources.items())
    shown = [{"secret": path, "source": source} for path, source in sources.items()]
    session.answer({"environment": session.env.name, "dry_run": dry_run, "written": shown}, text)
    return 0


def check(session: Session, secrets: Sequence[Secret] = SECRETS, variables: Mapping[str, str] = os.environ) -> int:
    """Compare scopes, keys and access with what is declared; return 0 when they agree, 2 when not."""
    env = running_as(session.env, variables)
    scopes = sorted({secret.scope for secret in secrets})
    with asking(session.client):
        found = expected.findings(env, secrets, expected.read(session.client, scopes))
    said = {"environment": env.name, "secrets": [secret.path for secret in secrets]}
    text = "" if found else f"{len(secrets)} secrets in {len(scopes)} scopes: as declared"
    session.answer({**said, "findings": [asdict(each) for each in found]}, text)
    if found and not session.as_json:
        shown = Table(box=None, pad_edge=False)
        for title in ("about", "problem", "mend"):
            shown.add_column(title, overflow="fold")
        for each in found:
            shown.add_row(each.about, each.problem, each.mend)
        session.out.print(shown)
    return CHANGES if found else 0


def chosen_secrets(secrets: Sequence[Secret], only: Sequence[str]) -> list[Secret]:
    """Return the secrets that `--only` names, or all; CommandError for a name that is none."""
    known = {secret.path: secret for secret in secrets}
    for path in only:
        if path not in known:
            raise CommandError(f"--only {path!r}: expected {', '.join(known)}.")
    return [known[path] for path in dict.fromkeys(only or known)]


def running_as(env: Environment, variables: Mapping[str, str]) -> Environment:
    """Return the environment with the service principal its jobs run as, as the deployment was told."""
    if run_as := variables.get("ECOM_RUN_AS"):
        env = replace(env, run_as=run_as)
    try:
        env.require_run_as()
    except ConfigurationError as error:
        raise CommandError(str(error)) from error
    return env


def interactive() -> bool:
    """Whether somebody sits at the terminal to be asked."""
    return sys.stdin.isatty()


def _asked(secret: Secret, prompt: Prompt | None) -> str:
    value = prompt(secret) if prompt else ""
    if not value:
        raise CommandError(f"No value for {secret.path}: nothing was written.")
    return value
