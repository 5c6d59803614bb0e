"""The demo's input: generated trade or a folder of real days, put into the landing volume."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from scripts.data import generator, loader
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


def upload(client: WorkspaceClient, folder: Path, catalog: str) -> Upload:
    """Send to landing what is not there yet; landing files are immutable, so name and size decide."""
    volume = f"/Volumes/{catalog}/landing/files"
    files = sorted(path for path in folder.glob("*/*") if path.is_file())
    there: dict[str, int] = {}
    for source in sorted({path.parent.name for path in files}):
        try:
            for entry in client.files.list_directory_contents(f"{volume}/{source}"):
                there[entry.path or ""] = entry.file_size or 0
        except NotFound:
            client.files.create_directory(f"{volume}/{source}")
    missing = [p for p in files if there.get(f"{volume}/{p.parent.name}/{p.name}") != p.stat().st_size]

    def send(path: Path) -> None:
        with path.open("rb") as content:
            client.files.upload(f"{volume}/{path.parent.name}/{path.name}", content, overwrite=True)

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(send, missing))
    return Upload(len(files), len(missing))
