"""The folders behind volumes: `/Volumes/c/s/v/x` is `ROOT/volumes/c/s/v/x`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from local.errors import invalid, not_found
from local.store import Store


def folder(root: Path, full_name: str) -> Path:
    """Return the folder of a volume."""
    return root.joinpath("volumes", *full_name.split("."))


def create(root: Path, full_name: str) -> None:
    """Make the folder of a new volume, empty also when a kill left an old one behind."""
    discard(root, [full_name])
    folder(root, full_name).mkdir(parents=True)


def repair(root: Path, store: Store) -> None:
    """Remove the folders of volumes that are no more, which a kill left behind."""
    wanted = {folder(root, name) for name, _ in store.list("volumes")}
    for found in (root / "volumes").glob("*/*/*"):
        if found not in wanted:
            shutil.rmtree(found)


def discard(root: Path, full_names: Sequence[str]) -> None:
    """Remove the files of volumes that are no more; a kill on the way is mended by `repair`."""
    for name in full_names:
        shutil.rmtree(folder(root, name), ignore_errors=True)


def locate(root: Path, store: Store, path: str) -> Path:
    """Return the real place of `/Volumes/…`; the volume must exist, and nothing may lead out of it."""
    parts = path.strip("/").split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise invalid(f"Invalid path: {path}: empty parts, '.' and '..' are not allowed")
    if len(parts) < 4 or parts[0] != "Volumes":
        raise invalid(f"Invalid path: {path}: expected /Volumes/<catalog>/<schema>/<volume>/…")
    full_name = ".".join(parts[1:4]).lower()
    if len(full_name.split(".")) != 3 or store.get("volumes", full_name) is None:
        raise not_found(f"Volume '{full_name}' does not exist.")
    base = folder(root, full_name)
    place = base.joinpath(*parts[4:])
    if not place.resolve().is_relative_to(base.resolve()):  # by a link that someone put there
        raise invalid(f"Invalid path: {path}: it leads out of its volume")
    return place
