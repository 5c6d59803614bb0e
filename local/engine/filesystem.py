"""`dbutils.fs` over the volumes of the workspace."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from local.engine.refusal import Part

PREFIX = "/Volumes/"
_DEPTH = 3  # catalog, schema, volume


@dataclass(frozen=True)
class FileInfo:
    """One entry of a listing; a folder's name and path end with a slash."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 (Databricks' name)

    def isDir(self) -> bool:  # noqa: N802 (Databricks' name)
        """Return whether the entry is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802 (Databricks' name)
        """Return whether the entry is a file."""
        return not self.isDir()


class FileSystem(Part, called="dbutils.fs"):
    """Files below `/Volumes/<catalog>/<schema>/<volume>`; a volume itself must have been created before."""

    def __init__(self, volumes: Path) -> None:
        self._volumes = volumes

    def ls(self, dir: str) -> list[FileInfo]:
        """List a folder, or one file."""
        place = self._existing(dir)
        entries = sorted(place.iterdir()) if place.is_dir() else [place]
        return [self._info(entry) for entry in entries if not _is_checksum(entry)]

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803
        """Return the beginning of a file as text."""
        with self._existing(file).open("rb") as content:
            return content.read(maxBytes).decode("utf-8", errors="replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text file whole; an existing one only with `overwrite`."""
        place = self._place(file)
        if place.exists() and not overwrite:
            raise FileExistsError(f"{file} already exists: pass overwrite=True to replace it.")
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.partial")
        temporary.write_text(contents, encoding="utf-8")
        _drop_checksum(place)
        temporary.replace(place)
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and those above it."""
        self._place(dir).mkdir(parents=True, exist_ok=True)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Remove a file, or a folder with `recurse`; return False when there is nothing."""
        place = self._place(dir)
        if not place.exists():
            return False
        if place.is_dir() and not recurse and any(place.iterdir()):
            raise OSError(f"{dir} is a folder that is not empty: pass recurse=True to remove it.")
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
            _drop_checksum(place)
        return True

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with `recurse`."""
        origin, place = self._existing(from_), self._place(to)
        if origin.is_dir():
            if not recurse:
                raise OSError(f"{from_} is a folder: pass recurse=True to copy it.")
            shutil.copytree(origin, place, dirs_exist_ok=True)
            return True
        place = place / origin.name if place.is_dir() else place
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.partial")
        shutil.copyfile(origin, temporary)
        _drop_checksum(place)
        temporary.replace(place)
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with `recurse`."""
        self.cp(from_, to, recurse)
        return self.rm(from_, recurse)

    def _existing(self, path: str) -> Path:
        place = self._place(path)
        if not place.exists():
            raise FileNotFoundError(f"No such file or directory: {path}")
        return place

    def _place(self, path: str) -> Path:
        name = path.removeprefix("dbfs:")
        parts = [part for part in name.removeprefix(PREFIX).split("/") if part]
        if not name.startswith(PREFIX) or len(parts) < _DEPTH or ".." in parts:
            raise ValueError(f"{path}: give a path /Volumes/<catalog>/<schema>/<volume>/…")
        if not self._volumes.joinpath(*parts[:_DEPTH]).is_dir():
            raise FileNotFoundError(f"Volume {'.'.join(parts[:_DEPTH])} does not exist: create it first ({path}).")
        return self._volumes.joinpath(*parts)

    def _info(self, place: Path) -> FileInfo:
        status = place.stat()
        slash = "/" if place.is_dir() else ""
        path = f"{PREFIX}{place.relative_to(self._volumes)}{slash}"
        return FileInfo(path, place.name + slash, 0 if slash else status.st_size, int(status.st_mtime * 1000))


def _checksum(place: Path) -> Path:
    return place.with_name(f".{place.name}.crc")


def _is_checksum(place: Path) -> bool:
    # Hadoop's local file system keeps one beside each file that Spark writes; Databricks shows none.
    return place.name.startswith(".") and place.name.endswith(".crc")


def _drop_checksum(place: Path) -> None:
    # A checksum of the file before would make Spark refuse the new one.
    _checksum(place).unlink(missing_ok=True)
