"""A synthesized stack as plain Terraform: one file per type of resource, contents as files beside them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from scripts.errors import CommandError

CONTENTS = "contents"
_METADATA = "//"  # where CDKTF keeps the path of each construct
_INLINE = "content_base64"


def files(stack: Mapping[str, Any], folder: Path) -> dict[str, bytes]:
    """Return the files, by relative name, that declare the same as a `cdk.tf.json`; `folder` is where they will be.

    A state on this machine is found again from there. CommandError when two resources would share a file of content.
    """
    found: dict[str, bytes] = {}
    settings = {key: value for key, value in stack.items() if key not in ("resource", _METADATA)}
    _relocate_state(settings, folder)
    found["terraform.tf.json"] = _json(_without_metadata(settings))
    for kind, resources in sorted(stack.get("resource", {}).items()):
        plain = {name: _without_metadata(resource) for name, resource in sorted(resources.items())}
        for name, resource in plain.items():
            for file, content in _take_content_out(resource):
                if found.setdefault(file, content) != content:
                    raise CommandError(f"{kind}.{name}: its content would overwrite {file} of another resource.")
        found[f"{kind}.tf.json"] = _json({"resource": {kind: plain}})
    return found


def _without_metadata(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_metadata(each) for key, each in value.items() if key != _METADATA}
    if isinstance(value, list):
        return [_without_metadata(each) for each in value]
    return value


def _relocate_state(settings: dict[str, Any], folder: Path) -> None:
    backend = settings.get("terraform", {}).get("backend", {})
    if "local" in backend:
        path = os.path.relpath(Path(backend["local"]["path"]).resolve(), folder.resolve())
        settings["terraform"] = {**settings["terraform"], "backend": {"local": {"path": path}}}


def _take_content_out(resource: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Let a resource read what it holds from a file, which people can edit."""
    if _INLINE in resource:
        file = str(PurePosixPath(CONTENTS, *PurePosixPath(resource["path"]).parts[1:]))
        yield file, base64.b64decode(resource[_INLINE], validate=True)
        resource[_INLINE] = f'${{filebase64("${{path.module}}/{file}")}}'


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
