"""Workspace paths as real files under the root."""

from __future__ import annotations

from pathlib import Path

from local.errors import invalid, not_found


def workspace_file(root: Path, path: str) -> Path:
    """Return the real path of an existing workspace file or folder; refuse what leads out of the tree."""
    tree = (root / "files").resolve()
    real = (tree / path.removeprefix("/Workspace").lstrip("/")).resolve()
    if not real.is_relative_to(tree):
        raise invalid(f"Path ({path}) is outside the workspace.")
    if not real.exists():
        raise not_found(f"Path ({path}) doesn't exist.")
    return real
