"""/api/2.0/workspace: folders, notebooks and files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from local.errors import ApiError, invalid
from local.services import Services
from local.store import Store
from local.workspace import access
from local.workspace.call import Call, route
from local.workspace.tree import HEADERS, PREFIX, Node, Tree, clean

LIMIT = 10 * 1024 * 1024
EXTENSIONS = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
KINDS = {"DIRECTORY": "directories", "NOTEBOOK": "notebooks", "FILE": "files"}


def routes(services: Services) -> list[Route]:
    """Import, export, list, get-status, mkdirs, delete."""
    tree = Tree(services.store, services.root)

    def mkdirs(call: Call) -> None:
        tree.make_folder(call.text("path"))

    def get_status(call: Call) -> dict[str, Any]:
        path = call.text("path")
        return describe(tree.require(path), path)

    def import_(call: Call) -> dict[str, Any]:
        object_type, path, language, content = _imported(call)
        node = tree.write(path, object_type, language, content, call.flag("overwrite"))
        return {"object_id": node.object_id}

    def export(call: Call) -> dict[str, Any] | Response:
        node = tree.require(call.text("path"))
        content = _exported(node, call.optional("format") or "SOURCE")
        if call.flag("direct_download"):
            return Response(content, media_type="application/octet-stream")
        return {"content": base64.b64encode(content).decode(), "file_type": _file_type(node)}

    def list_(call: Call) -> dict[str, Any]:
        path = call.text("path")
        node = tree.require(path)
        nodes = tree.children(path) if node.object_type == "DIRECTORY" else [node]
        # Listed paths are written as they were asked for, with or without /Workspace.
        prefix = PREFIX if f"{path}/".startswith(f"{PREFIX}/") else ""
        return {"objects": [describe(n, prefix + n.path) for n in nodes]} if nodes else {}

    return [
        route("POST", "/api/2.0/workspace/mkdirs", mkdirs),
        route("GET", "/api/2.0/workspace/get-status", get_status),
        route("POST", "/api/2.0/workspace/import", import_),
        route("GET", "/api/2.0/workspace/export", export),
        route("GET", "/api/2.0/workspace/list", list_),
        route("POST", "/api/2.0/workspace/delete", lambda call: _delete(services.store, tree, call)),
    ]


def _delete(store: Store, tree: Tree, call: Call) -> None:
    path, recursive = call.text("path"), call.flag("recursive")
    with store.write():
        inside = _residents(store, path)
        if inside and not recursive:
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
        for node in tree.delete(path, recursive):
            access.forget(store, KINDS[node.object_type], str(node.object_id))
        for kind, key in inside:
            store.delete(kind, key)
            access.forget(store, kind, key)


def _residents(store: Store, path: str) -> list[tuple[str, str]]:
    """Return kind and id of the dashboards, queries, alerts and experiments that live below a folder."""
    folder = clean(path).rstrip("/") + "/"
    homes: dict[str, Callable[[dict[str, Any]], str]] = {
        "dashboards": lambda body: body["draft"]["path"],
        "queries": lambda body: f"{body['parent_path']}/",
        "alerts": lambda body: f"{body['parent_path']}/",
        "alertsv2": lambda body: f"{body.get('parent_path', PREFIX)}/",
        "experiments": lambda body: body["name"],
    }
    return [
        (kind, key)
        for kind, home in homes.items()
        for key, body in store.list(kind)
        if home(body).removeprefix(PREFIX).startswith(folder)
    ]


def describe(node: Node, path: str) -> dict[str, Any]:
    """Render a node under the path it was asked for: the provider replaces objects whose path comes back otherwise."""
    answer: dict[str, Any] = {
        "object_type": node.object_type,
        "path": path,
        "object_id": node.object_id,
        "resource_id": str(node.object_id),
    }
    if node.object_type != "DIRECTORY":
        answer |= {"created_at": node.created_at, "modified_at": node.modified_at}
    if node.object_type == "NOTEBOOK":
        answer["language"] = node.language
    if node.object_type == "FILE" and node.content is not None:
        answer["size"] = len(node.content)
    return answer


def _imported(call: Call) -> tuple[str, str, str | None, bytes]:
    """Return object type, path, language and content of an import."""
    path, kind = call.text("path"), call.optional("format") or "SOURCE"
    content = _decoded(call)
    if kind == "RAW":
        return "FILE", path, None, content
    if kind == "AUTO":
        language = EXTENSIONS.get(PurePosixPath(path).suffix.lower())
        if language is None or not content.startswith(HEADERS[language].rstrip().encode()):
            return "FILE", path, None, content
        return "NOTEBOOK", str(PurePosixPath(path).with_suffix("")), language, _notebook(path, content)
    if kind != "SOURCE":
        raise invalid(f"The local workspace imports the formats SOURCE, RAW and AUTO, not {kind}")
    language = call.optional("language")
    if language not in HEADERS:
        raise invalid(f"The language of notebook {path} must be one of {', '.join(HEADERS)}, not {language}")
    return "NOTEBOOK", path, language, _notebook(path, content)


def _decoded(call: Call) -> bytes:
    try:
        content = base64.b64decode(str(call.body.get("content", "")), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("content is not valid base64") from None
    if len(content) > LIMIT:
        message = f"The content of {call.text('path')} is larger than {LIMIT} bytes"
        raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    return content


def _notebook(path: str, content: bytes) -> bytes:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise invalid(f"The source of notebook {path} is not UTF-8: {error.reason} at byte {error.start}") from None
    return content


def _exported(node: Node, kind: str) -> bytes:
    if node.content is None:
        raise invalid(f"The local workspace exports files and notebooks; {node.path} is a folder")
    if kind not in ("SOURCE", "AUTO", "RAW"):
        raise invalid(f"The local workspace exports the formats SOURCE, RAW and AUTO, not {kind}")
    header = HEADERS[node.language] if node.language else ""
    # An exported notebook always begins with its header, also when it was imported without.
    if node.content.startswith(header.rstrip().encode()):
        return node.content
    return header.encode() + node.content


def _file_type(node: Node) -> str:
    if node.language:
        return {"PYTHON": "py", "SQL": "sql", "SCALA": "scala", "R": "r"}[node.language]
    return PurePosixPath(clean(node.path)).suffix.lstrip(".")
