"""What is declared: the synthesized stack, its references resolved through the Terraform state."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.connection import first_line
from scripts.drift.compare import Body
from scripts.errors import CommandError

_REFERENCE = re.compile(r"(?<!\$)\$\{([a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z0-9_]+)\}")
# Ours, and CDKTF's: not arguments of the resource.
_META = ("//", "depends_on", "lifecycle", "provider", "count", "for_each", "provisioner", "connection")


@dataclass(frozen=True)
class Resource:
    """One declared resource: its arguments with references resolved, and what the state knows of it."""

    type: str
    name: str
    arguments: Body
    attributes: Body
    needs: frozenset[str] = frozenset()  # addresses it refers to
    folder: Path = field(default_factory=Path)

    @property
    def address(self) -> str:
        """Terraform's address."""
        return f"{self.type}.{self.name}"

    @property
    def id(self) -> str:
        """Id in the workspace; empty for what was never deployed."""
        return str(self.attributes.get("id") or "")

    def content(self) -> bytes:
        """Return the content of a notebook or file, given inline or as a source file beside the stack."""
        if encoded := self.arguments.get("content_base64"):
            return base64.b64decode(str(encoded))
        source = self.arguments.get("source")
        if not source:
            raise CommandError(f"{self.address}: has neither content_base64 nor source")
        try:
            return (self.folder / str(source)).read_bytes()
        except OSError as error:
            raise CommandError(f"{self.address}: source {source!r}: {error.strerror}; synthesize again") from error


@dataclass(frozen=True)
class Stack:
    """All resources of one environment by address."""

    resources: Mapping[str, Resource]
    forgotten: Mapping[str, str] = field(default_factory=dict)  # `<type> <id>` of what only the state still knows

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of some types, in order of address."""
        return [self.resources[key] for key in sorted(self.resources) if self.resources[key].type in types]


def load(folder: Path, env: Mapping[str, str]) -> Stack:
    """Read a synthesized stack and its state; `env` is the process environment that Terraform needs for the backend."""
    file = folder / "cdk.tf.json"
    try:
        configuration = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: no synthesized stack: {first_line(error)}") from error
    return resolve(configuration, _state(folder, configuration, env), folder)


def resolve(configuration: Body, state: Body, folder: Path = Path()) -> Stack:
    """Return the resources of a configuration with every reference replaced by what the state knows."""
    known = _attributes(state)
    raw = {
        f"{kind}.{name}": (kind, name, body)
        for kind, names in configuration.get("resource", {}).items()
        for name, body in names.items()
    }
    given = {address: {k: v for k, v in body.items() if k not in _META} for address, (_, _, body) in raw.items()}
    resources = {}
    for address, (kind, name, body) in raw.items():
        needs = {f"{found[0]}.{found[1]}" for found in _REFERENCE.findall(json.dumps(given[address]))}
        resources[address] = Resource(
            type=kind,
            name=name,
            arguments=_resolved(given[address], known, given),
            attributes=known.get(address, {}),
            needs=frozenset(needs | set(body.get("depends_on", []))),
            folder=folder,
        )
    forgotten = {
        f"{address.partition('.')[0]} {attributes.get('id')}": address
        for address, attributes in known.items()
        if address not in resources
    }
    return Stack(resources, forgotten)


def _state(folder: Path, configuration: Body, env: Mapping[str, str]) -> Body:
    backend = configuration.get("terraform", {}).get("backend", {})
    if "local" in backend:
        file = folder / backend["local"]["path"]
        text = file.read_text() if file.exists() else ""
    else:
        terraform = ["terraform", f"-chdir={folder}"]
        _run([*terraform, "init", "-input=false", "-no-color"], env)
        text = _run([*terraform, "state", "pull"], env)
    if not text.strip():
        raise CommandError(f"Stack {folder.name} has no state: it was never deployed from here.")
    loaded: Body = json.loads(text)
    return loaded


def _run(command: list[str], env: Mapping[str, str]) -> str:
    result = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise CommandError(f"{' '.join(command[:1] + command[2:4])} failed: {first_line(result.stderr)}")
    return result.stdout


def _attributes(state: Body) -> dict[str, Body]:
    """Return what the state knows of each resource that was created to its end."""
    return {
        f"{entry['type']}.{entry['name']}": entry["instances"][0]["attributes"]
        for entry in state.get("resources", [])
        if entry["mode"] == "managed" and entry["instances"] and entry["instances"][0].get("status") != "tainted"
    }


def _resolved(value: Any, known: Mapping[str, Body], given: Mapping[str, Body]) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(each, known, given) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, known, given) for each in value]
    if not isinstance(value, str) or "{" not in value:
        return value

    def looked_up(found: re.Match[str]) -> str:
        address, attribute = f"{found[1]}.{found[2]}", found[3]
        # What was never deployed has no id yet, but its name and path stand in the configuration.
        for source in (known, given):
            if (answer := source.get(address, {}).get(attribute)) is not None:
                return str(_resolved(answer, known, given) if source is given else answer)
        return found[0]

    return _REFERENCE.sub(looked_up, value).replace("$${", "${").replace("%%{", "%{")
