"""The workspace tree: folders, notebooks as cells, files as text."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.routing import Route

from local.engine.cells import NotebookError, parse_cells
from local.pages.code import coloured, markdown
from local.pages.page import Page, Site, Visit
from local.workspace.tree import Node, Tree, clean

_LANGUAGES = {"PYTHON": "python", "SQL": "sql", "SCALA": "scala", "R": "r", "RUN": "text"}


def routes(site: Site, tree: Tree) -> list[Route]:
    """Any path of the tree."""

    def show(visit: Visit) -> Page:
        node = tree.require(clean("/" + visit.path.get("path", "").strip("/")))
        content: dict[str, Any] = {"node": node, "trail": _trail(node.path), "name": PurePosixPath(node.path).name}
        if node.object_type == "DIRECTORY":
            folders_first = sorted(tree.children(node.path), key=lambda one: (one.object_type != "DIRECTORY", one.path))
            children = [(PurePosixPath(one.path).name, one) for one in folders_first]
            return Page("folder.html", content["name"] or "Files", {**content, "children": children})
        return Page("source.html", content["name"], {**content, **_content(node)})

    return [site.get("/files", show), site.get("/files/{path:path}", show)]


def _content(node: Node) -> dict[str, Any]:
    raw = node.content or b""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"text": None, "cells": [], "code": "", "size": len(raw)}
    cells = _cells(node, text) if node.object_type == "NOTEBOOK" else []
    code = "" if cells else coloured(text, _LANGUAGES.get(node.language or "", ""), PurePosixPath(node.path).name)
    return {"text": text, "cells": cells, "code": code, "size": len(raw)}


def _cells(node: Node, text: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook; one that cannot be run here is shown as the text it is."""
    try:
        cells = parse_cells(node.path, node.language or "", text)
    except NotebookError:
        return []
    return [
        {
            "number": cell.number,
            "language": cell.language.capitalize(),
            "markdown": markdown(cell.text, top=2) if cell.language == "MARKDOWN" else None,
            "code": coloured(cell.text.strip("\n"), _LANGUAGES.get(cell.language, "text")),
        }
        for cell in cells
    ]


def _trail(path: str) -> list[tuple[str, str]]:
    """Return link and name of each folder above a path."""
    above = [str(folder) for folder in reversed(PurePosixPath(path).parents)]
    return [(f"/files{quote(folder.rstrip('/'))}", PurePosixPath(folder).name or "Files") for folder in above]
