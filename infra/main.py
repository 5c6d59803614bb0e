"""Entry point of `cdktf`: environment names to stacks. The only reader of the process environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from infra import platform
from infra.environments import ENVIRONMENTS, ConfigurationError, Environment, LocalState
from infra.provider_lock import write_provider_lock
from infra.request import ancestor_command_lines, environments_asked_for, environments_named

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> None:
    """Synthesize the stacks that were asked for into cdktf's output folder."""
    try:
        environments = wanted(os.environ)
        from cdktf import App  # starts Node: whoever asks for what cannot be need not wait for that

        from infra.stack import EnvironmentStack

        app = App(stack_traces=False)
        for env in environments:
            EnvironmentStack(app, env, platform.load(REPOSITORY, env, datetime.now(UTC).date()), REPOSITORY)
    except ValueError as error:  # all that our specs and files can be wrong about
        sys.exit(f"error: {error}")
    app.synth()
    for env in environments:
        write_provider_lock(Path(app.outdir) / "stacks" / env.name)


def wanted(variables: Mapping[str, str]) -> list[Environment]:
    """Return the environments to synthesize; without a choice, all that can be."""
    choice = variables.get("ECOM_ENVIRONMENT")
    names = environments_named(choice) if choice else environments_asked_for(ancestor_command_lines())
    environments = [configured(ENVIRONMENTS[name], variables) for name in names or ENVIRONMENTS]
    ready = []
    for env in environments:
        try:
            env.require_run_as()
        except ConfigurationError as error:
            if names:
                raise
            print(f"left out: {error}", file=sys.stderr)  # noqa: T201 the app's only way to tell
            continue
        ready.append(env)
    return ready


def configured(env: Environment, variables: Mapping[str, str]) -> Environment:
    """Return an environment with what the caller sets: ECOM_RUN_AS, ECOM_STATE=local:<folder>, ECOM_UNPROTECTED.

    ECOM_UNPROTECTED is the name of the environment whose protected objects may be destroyed, for whoever means to.
    """
    if run_as := variables.get("ECOM_RUN_AS"):
        env = replace(env, run_as=run_as)
    if state := variables.get("ECOM_STATE"):
        kind, _, folder = state.partition(":")
        if kind != "local" or not folder:
            raise ConfigurationError(f"ECOM_STATE: {state!r} is not local:<folder>")
        env = replace(env, state=LocalState(Path(folder).resolve()))
    if (unprotected := variables.get("ECOM_UNPROTECTED")) and unprotected not in ENVIRONMENTS:
        raise ConfigurationError(f"ECOM_UNPROTECTED: {unprotected!r} is none of {', '.join(ENVIRONMENTS)}")
    return replace(env, protected=False) if unprotected == env.name else env


if __name__ == "__main__":
    main()
