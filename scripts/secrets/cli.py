"""`ecom secrets …`: arguments in, exit code out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.options import AsJson, EnvironmentName

if TYPE_CHECKING:
    from infra.secrets import Secret

app = typer.Typer(no_args_is_help=True, help="Secrets that jobs read: put there, and looked after.")


@app.command()
def sync(
    only: Annotated[list[str] | None, typer.Option(help="scope/key; may be repeated. All of them unless told.")] = None,
    environment: EnvironmentName = "local",
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be written and from where, and ask nothing.")] = False,
) -> None:
    """Put secrets into the workspace, from variables such as ECOM_SECRET_EMAIL_PASSWORD or a prompt without echo."""
    from scripts.secrets import command
    from scripts.session import begin

    prompt = _prompt if command.interactive() else None
    _exit(command.sync(begin(environment, as_json), only or [], dry_run, prompt=prompt))


@app.command()
def check(environment: EnvironmentName = "local", as_json: AsJson = False) -> None:
    """Name missing and undeclared scopes, keys and access: exit code 0 when all is as declared, 2 when not."""
    from scripts.secrets import command
    from scripts.session import begin

    _exit(command.check(begin(environment, as_json)))


def _prompt(secret: Secret) -> str:
    text = f"{secret.path} ({secret.meaning.rstrip('.')})"
    return str(typer.prompt(text, hide_input=True, default="", show_default=False, err=True))


def _exit(code: int) -> None:
    if code:
        raise typer.Exit(code)
