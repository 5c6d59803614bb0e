"""The demo's input: generated trade or a folder of real days, put into the landing volume."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient

from scripts.data import generator, loader
from scripts.errors import CommandError
from scripts.toolchain import ROOT

FOLDER = ROOT / ".local" / "demo"

# Two months show season and weekday shape and keep the first run within minutes on two cores.
GENERATED_DAYS = 60
GENERATED_CUSTOMERS = 800
GENERATED_END = dt.date(2026, 6, 30)
SEED = 7
UPLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Upload:
    """What an upload did: files in landing, how many of them were sent now."""

    files: int
    sent: int


def prepare(data: Path | None) -> Path:
    """Return a folder of landing files, generated or made from the days in `data`; safe to repeat."""
    if data is None:
        folder = FOLDER / "generated"
        generator.generate(folder, seed=SEED, end=GENERATED_END, days=GENERATED_DAYS, customers=GENERATED_CUSTOMERS)
    else:
        folder = FOLDER / "loaded"
        loader.load(data, folder)
    return folder


def refuse_other_trade(client: WorkspaceClient, folder: Path, catalog: str) -> None:
    """Raise CommandError when landing was fed with other trade: the two would be mixed in every table."""
    known = set(_in_landing(client, catalog))
    if known and not known & {_target(catalog, path) for path in _files(folder)}:
        raise CommandError(
            f"The workspace was fed with other trade: landing holds {len(known)} files, {min(known)} for one, and none"
            f" of {folder}. make reset removes it with all its tables; then run the demo again."
        )


def upload(client: WorkspaceClient, folder: Path, catalog: str) -> Upload:
    """Send to landing what is not there yet; landing files are immutable, so name and size decide."""
    files, known = _files(folder), _in_landing(client, catalog)
    for source in sorted({path.parent.name for path in files}):
        client.files.create_directory(f"{_volume(catalog)}/{source}")  # fine where it is there
    missing = [path for path in files if known.get(_target(catalog, path)) != path.stat().st_size]

    def send(path: Path) -> None:
        with path.open("rb") as content:
            client.files.upload(_target(catalog, path), content, overwrite=True)

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(send, missing))
    return Upload(len(files), len(missing))


def _in_landing(client: WorkspaceClient, catalog: str) -> dict[str, int]:
    """Return the size in bytes of every file in landing, by path."""
    sizes: dict[str, int] = {}
    for source in client.files.list_directory_contents(_volume(catalog)):
        if source.is_directory:
            entries = client.files.list_directory_contents(source.path or "")
            sizes |= {entry.path or "": entry.file_size or 0 for entry in entries if not entry.is_directory}
    return sizes


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if path.is_file())


def _target(catalog: str, path: Path) -> str:
    return f"{_volume(catalog)}/{path.parent.name}/{path.name}"


def _volume(catalog: str) -> str:
    return f"/Volumes/{catalog}/landing/files"
