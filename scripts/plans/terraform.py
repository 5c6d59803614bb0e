"""Terraform in one stack folder: what it is asked, and what it says when it does not."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.errors import CommandError
from scripts.plans import lock
from scripts.plans.facts import STALE, StateMark

Event = Mapping[str, Any]
Told = Callable[[Event], None]

NO_CHANGES, CHANGES = 0, 2  # what `plan -detailed-exitcode` ends with
_PLAN_STALE = "Saved plan is stale"
_POLL_SECONDS = 0.05
_LONGEST_DETAIL = 400  # characters; the whole of it is in the log
_FRAME = re.compile(r"^[│╷╵]\s?", re.MULTILINE)


class TerraformError(CommandError):
    """What Terraform refused, in one line; `problems` has a line for each of its errors."""

    def __init__(self, message: str, problems: list[str], code: int = 1) -> None:
        super().__init__(message, code)
        self.problems = problems


@dataclass(frozen=True)
class Terraform:
    """One synthesized stack, the process environment to work in, and a folder for what Terraform prints."""

    folder: Path
    variables: Mapping[str, str]
    logs: Path

    @property
    def stack(self) -> str:
        """Name of the stack, which is that of its folder."""
        return self.folder.name

    def init(self) -> None:
        """Install the provider and reach the backend; the state is where the stack says, wherever it was before."""
        self._run("init", "-reconfigure", "-input=false", "-no-color")

    def plan(self, file: Path, told: Told = lambda _: None) -> bool:
        """Plan into a file, and return whether there are changes; TerraformError when there is no plan."""
        code = self._run(
            "plan", "-json", "-input=false", "-detailed-exitcode", f"-out={file}", told=told, fine=(NO_CHANGES, CHANGES)
        )
        file.chmod(0o600)
        return code == CHANGES

    def apply(self, file: Path, told: Told = lambda _: None) -> None:
        """Do what a plan file says, nothing else; TerraformError with exit code 4 when its state has moved."""
        self._run("apply", "-json", "-input=false", str(file), told=told)

    def show(self, file: Path) -> dict[str, Any]:
        """Return a plan as Terraform's JSON, sensitive values included."""
        shown: dict[str, Any] = json.loads(self._ask("show", "-json", str(file)))
        return shown

    def state(self) -> dict[str, Any]:
        """Return the state, sensitive values included; empty before the first deploy."""
        pulled = self._ask("state", "pull")
        state: dict[str, Any] = json.loads(pulled) if pulled.strip() else {}
        return state

    def mark(self) -> StateMark:
        """Return which version of which state there is."""
        return mark(self.state())

    def provider_version(self) -> str:
        """Return the one version of the Databricks provider that the stack accepts."""
        stack = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))
        return str(stack["terraform"]["required_providers"]["databricks"]["version"])

    def declared(self) -> set[str]:
        """Return the addresses of the resources that the stack declares."""
        types = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8")).get("resource", {})
        return {f"{kind}.{name}" for kind, names in types.items() for name in names}

    def _ask(self, *arguments: str) -> str:
        try:
            result = subprocess.run(
                ["terraform", f"-chdir={self.folder}", *arguments],
                env=dict(self.variables),
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise _not_started(error) from error
        if result.returncode != 0:
            raise self._failure(arguments[0], result.stderr or result.stdout, result.returncode)
        return result.stdout

    def _run(self, *arguments: str, told: Told = lambda _: None, fine: tuple[int, ...] = (0,)) -> int:
        """Run Terraform to its end, telling what it prints as JSON.

        It prints into a file and has a session of its own: a kill of ours, or a closed terminal, must not stop it
        between two objects. Ctrl-C is handed on, and Terraform then ends what it has begun.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{self.stack}.{arguments[0]}.log"
        log.touch(mode=0o600)
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    ["terraform", f"-chdir={self.folder}", *arguments],
                    env=dict(self.variables),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise _not_started(error) from error
        interrupted = _follow(process, log, told)
        if interrupted:
            said = f"terraform {arguments[0]} of stack {self.stack} was interrupted, and ended in good order"
            raise TerraformError(said, [said])
        if process.returncode not in fine:
            raise self._failure(arguments[0], log.read_text(errors="replace"), process.returncode)
        return process.returncode

    def _failure(self, action: str, text: str, code: int) -> TerraformError:
        what = f"terraform {action} of stack {self.stack}"
        if code < 0:
            said = f"{what} was killed by {signal.Signals(-code).name}"
            return TerraformError(said, [said])
        found = list(diagnostics(text))
        problems = [each.line for each in found]
        for each in found:
            if each.summary == lock.REFUSED and (held := lock.read(each.detail)):
                said = lock.in_words(held, self.stack, str(self.folder), datetime.now(UTC))
                return TerraformError(said, problems)
        first = problems[0] if problems else f"exited {code} without a word"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        stale = bool(found) and found[0].summary == _PLAN_STALE
        return TerraformError(f"{what}: {first}{more}", problems, STALE if stale else 1)


@dataclass(frozen=True)
class Diagnostic:
    """One error of Terraform: what it says first, what it goes on to say, and of which resource."""

    summary: str
    detail: str
    address: str = ""

    @property
    def line(self) -> str:
        """The error in one line, with the first paragraph of the detail."""
        first = " ".join(self.detail.strip().split("\n\n")[0].split())
        cut = first if len(first) <= _LONGEST_DETAIL else first[:_LONGEST_DETAIL] + "…"
        where = f"{self.address}: " if self.address else ""
        return where + (f"{self.summary.rstrip('.')}: {cut}" if cut else self.summary)


def mark(state: Mapping[str, Any]) -> StateMark:
    """Return which version of which state this is."""
    return StateMark(str(state.get("lineage", "")), int(state.get("serial", 0)))


def managed(state: Mapping[str, Any]) -> set[str]:
    """Return the addresses of the resources in a state that are there to their end."""
    # An entry without instances, or with one that was not created to its end, is not there yet.
    return {
        f"{entry['type']}.{entry['name']}"
        for entry in state.get("resources", [])
        if entry["mode"] == "managed" and any(instance.get("status") != "tainted" for instance in entry["instances"])
    }


def diagnostics(text: str) -> Iterator[Diagnostic]:
    """Yield the errors in what Terraform printed, as JSON or for people."""
    for line in text.splitlines():
        said = (_event(line) or {}).get("diagnostic", {})
        if said.get("severity") == "error":
            yield Diagnostic(said["summary"].strip(), said.get("detail", ""), said.get("address", ""))
    for block in f"\n{_FRAME.sub('', text)}".split("\nError: ")[1:]:
        summary, _, detail = block.partition("\n")
        yield Diagnostic(summary.strip(), detail)


def _not_started(error: OSError) -> TerraformError:
    said = f"terraform cannot be started ({error.strerror}): install Terraform 1.5 or newer and put it on PATH"
    return TerraformError(said, [said])


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return None  # a line that is still being written, or a program's own word
    return event


def _follow(process: subprocess.Popen[bytes], log: Path, told: Told) -> bool:
    """Tell the events in the log until the process has ended; return whether it was interrupted."""
    interrupted = False
    with log.open("rb") as reader:
        rest = b""
        while True:
            try:
                ended = process.poll() is not None
                lines = (rest + reader.read()).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    if event := _event(line.decode(errors="replace")):
                        told(event)
                if ended:
                    return interrupted
                time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                interrupted = True
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)
