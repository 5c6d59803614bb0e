"""The Files API on volumes: whole files, folders, and nothing outside of a volume."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound
from databricks.sdk.service.catalog import VolumeType

from local.workspace.process import RunningWorkspace

pytestmark = pytest.mark.slow
VOLUME = "/Volumes/files_api/landing/files"


@pytest.fixture(scope="module")
def volume(client: WorkspaceClient, server: RunningWorkspace) -> Iterator[Path]:
    client.catalogs.create("files_api")
    client.schemas.create("landing", "files_api")
    client.volumes.create("files_api", "landing", "files", VolumeType.MANAGED)
    yield server.root / VOLUME.lower().lstrip("/")
    client.catalogs.delete("files_api", force=True)
    assert not (server.root / VOLUME.lower().lstrip("/")).exists(), "the files of a managed volume go with it"


def test_a_file_goes_up_and_comes_down_whole(client: WorkspaceClient, volume: Path) -> None:
    content = bytes(range(256)) * 4096
    client.files.upload(f"{VOLUME}/orders/day=1/ü ñ.csv", io.BytesIO(content))
    assert (volume / "orders/day=1/ü ñ.csv").read_bytes() == content
    answer = client.files.download(f"{VOLUME}/orders/day=1/ü ñ.csv")
    assert answer.contents is not None
    assert answer.contents.read() == content
    looked = client.files.get_metadata(f"{VOLUME}/orders/day=1/ü ñ.csv")
    assert looked.content_length == len(content)
    with pytest.raises(AlreadyExists):
        client.files.upload(f"{VOLUME}/orders/day=1/ü ñ.csv", io.BytesIO(b"other"))
    client.files.upload(f"{VOLUME}/orders/day=1/ü ñ.csv", io.BytesIO(b"other"), overwrite=True)
    assert (volume / "orders/day=1/ü ñ.csv").read_bytes() == b"other"
    client.files.delete(f"{VOLUME}/orders/day=1/ü ñ.csv")
    with pytest.raises(NotFound):
        client.files.get_metadata(f"{VOLUME}/orders/day=1/ü ñ.csv")


def test_a_file_over_the_part_size_goes_up_in_one_piece(client: WorkspaceClient, volume: Path) -> None:
    content = b"x" * (51 * 1024 * 1024)
    client.files.upload(f"{VOLUME}/large", io.BytesIO(content))
    assert (volume / "large").stat().st_size == len(content)
    client.files.delete(f"{VOLUME}/large")


def test_folders_are_made_listed_in_pages_and_deleted_when_empty(client: WorkspaceClient, volume: Path) -> None:
    client.files.create_directory(f"{VOLUME}/many/deep")
    for number in range(7):
        client.files.upload(f"{VOLUME}/many/{number}.json", io.BytesIO(b"{}"))
    found = list(client.files.list_directory_contents(f"{VOLUME}/many", page_size=3))
    assert [(each.name, each.is_directory, each.file_size) for each in found] == [
        *((f"{number}.json", False, 2) for number in range(7)),
        ("deep", True, None),
    ]
    assert found[0].path == f"{VOLUME}/many/0.json"
    with pytest.raises(BadRequest, match="not empty"):
        client.files.delete_directory(f"{VOLUME}/many")
    client.files.get_directory_metadata(f"{VOLUME}/many/deep")
    client.files.delete_directory(f"{VOLUME}/many/deep")
    with pytest.raises(NotFound):
        client.files.get_directory_metadata(f"{VOLUME}/many/deep")
    assert volume.is_dir()


@pytest.mark.parametrize(
    "path",
    [
        f"{VOLUME}/../../../../token",
        f"{VOLUME}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/token",
        f"{VOLUME}/..%2f..%2f..%2f..%2ftoken",
        f"{VOLUME}//x",
        f"{VOLUME}/./x",
        f"{VOLUME}/x%00y",
        f"{VOLUME}/link/token",
        "/Volumes/files_api/../files_api/landing/files/x",
        "/Volumes/x",
        "/token",
        "/etc/passwd",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("kind", ["files", "directories"])
def test_nothing_leads_out_of_a_volume(
    server: RunningWorkspace, volume: Path, method: str, kind: str, path: str
) -> None:
    if not (volume / "link").is_symlink():
        (volume / "link").symlink_to(server.root)
    # By hand: a client library would tidy the path first.
    address, token = urlsplit(server.host), server.token
    request = (
        f"{method} /api/2.0/fs/{kind}{path}?overwrite=true HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 400"), path
    assert (server.root / "token").read_text() == token


def test_a_volume_that_does_not_exist_takes_nothing(client: WorkspaceClient, server: RunningWorkspace) -> None:
    with pytest.raises(NotFound, match=r"Volume 'files_api\.landing\.none' does not exist"):
        client.files.upload("/Volumes/files_api/landing/none/x", io.BytesIO(b""))
    assert not (server.root / "volumes/files_api/landing/none").exists()


def test_an_upload_that_breaks_off_leaves_nothing(server: RunningWorkspace, volume: Path) -> None:
    address = urlsplit(server.host)
    request = (
        f"PUT /api/2.0/fs/files{VOLUME}/broken HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request.encode() + b"x" * 300_000)
    deadline = time.monotonic() + 10
    while list((server.root / "incoming").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list((server.root / "incoming").iterdir()) == []
    assert not (volume / "broken").exists()


def test_a_deleted_volume_comes_back_empty(client: WorkspaceClient, server: RunningWorkspace, volume: Path) -> None:
    client.volumes.create("files_api", "landing", "again", VolumeType.MANAGED)
    client.files.upload("/Volumes/files_api/landing/again/x", io.BytesIO(b"old"))
    client.volumes.delete("files_api.landing.again")
    client.volumes.create("files_api", "landing", "again", VolumeType.MANAGED)
    assert list(client.files.list_directory_contents("/Volumes/files_api/landing/again")) == []


def test_a_range_of_a_file(server: RunningWorkspace, http: requests.Session, volume: Path) -> None:
    url = f"{server.host}/api/2.0/fs/files{VOLUME}/range"
    http.put(url, data=b"0123456789", timeout=10).raise_for_status()
    answer = http.get(url, headers={"Range": "bytes=2-4"}, timeout=10)
    assert (answer.status_code, answer.content) == (206, b"234")
