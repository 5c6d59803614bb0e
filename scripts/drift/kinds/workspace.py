"""Folders, notebooks and files of the workspace tree, by content."""

from __future__ import annotations

import hashlib

from scripts.drift.compare import Body, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, by_path

RULES = Rules(
    computed={
        "path": "the key itself",
        "object_id": "given by the service; the access list is read by it",
        "resource_id": "given by the service",
        "created_at": "a time",
        "modified_at": "a time",
        "size": "follows the content",
    }
)


def desired_directory(resource: Resource, creator: str) -> Body:
    """Return what a folder is."""
    return {"object_type": "DIRECTORY"}


def desired_notebook(resource: Resource, creator: str) -> Body:
    """Return language and source of a notebook."""
    language = resource.arguments["language"]
    return {"object_type": "NOTEBOOK", "language": language, "content": source(resource.content())}


def desired_file(resource: Resource, creator: str) -> Body:
    """Return the bytes of a file."""
    return {"object_type": "FILE", "content": text(resource.content())}


def observed(entry: Body, content: bytes | None) -> Body:
    """Return an entry of the tree with its content, when it was read."""
    if content is None:
        return entry
    return entry | {"content": source(content) if entry.get("object_type") == "NOTEBOOK" else text(content)}


def source(content: bytes) -> str:
    """Return a notebook's source: it is kept by cells, so line ends and the very last one are not."""
    return text(content).replace("\r\n", "\n").rstrip() + "\n"


def text(content: bytes) -> str:
    """Return a file as text; what is none by its digest."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"


DIRECTORY = Kind(
    type="databricks_directory",
    noun="folder",
    rules=RULES,
    key=by_path,
    desired=desired_directory,
    segment="directories",
)
NOTEBOOK = Kind(
    type="databricks_notebook", noun="notebook", rules=RULES, key=by_path, desired=desired_notebook, segment="notebooks"
)
FILE = Kind(
    type="databricks_workspace_file",
    noun="workspace file",
    rules=RULES,
    key=by_path,
    desired=desired_file,
    segment="files",
)
