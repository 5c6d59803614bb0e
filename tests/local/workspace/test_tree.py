"""Folders, notebooks and files: what the API says, what lies under files/."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceAlreadyExists
from databricks.sdk.service.dashboards import Dashboard
from databricks.sdk.service.sql import CreateQueryRequestQuery
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from local.workspace.process import RunningWorkspace

pytestmark = pytest.mark.slow
HEADER = "# Databricks notebook source\n"


@pytest.fixture
def folder(client: WorkspaceClient) -> Iterator[str]:
    client.workspace.mkdirs("/Shared/tree")
    yield "/Shared/tree"
    client.workspace.delete("/Shared/tree", recursive=True)


def put(client: WorkspaceClient, path: str, content: bytes, form: ImportFormat, **more: object) -> None:
    client.workspace.import_(path, content=base64.b64encode(content).decode(), format=form, **more)  # type: ignore[arg-type]


def exported(client: WorkspaceClient, path: str, form: ExportFormat = ExportFormat.SOURCE) -> bytes:
    return base64.b64decode(client.workspace.export(path, format=form).content or "")


@pytest.mark.parametrize("prefix", ["", "/Workspace"])
def test_a_path_comes_back_as_it_was_asked_for(client: WorkspaceClient, folder: str, prefix: str) -> None:
    put(client, f"{prefix}{folder}/x.yml", b"a: 1", ImportFormat.RAW)
    put(client, f"{prefix}{folder}/nb", b"print(1)", ImportFormat.SOURCE, language=Language.PYTHON)
    file = client.workspace.get_status(f"{prefix}{folder}/x.yml")
    assert (file.object_type, file.path, file.size) == (ObjectType.FILE, f"{prefix}{folder}/x.yml", 4)
    notebook = client.workspace.get_status(f"{prefix}{folder}/nb")
    assert (notebook.object_type, notebook.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    assert [each.path for each in client.workspace.list(f"{prefix}{folder}")] == [
        f"{prefix}{folder}/nb",
        f"{prefix}{folder}/x.yml",
    ]


def test_a_notebook_is_exported_with_its_header_and_otherwise_to_the_byte(client: WorkspaceClient, folder: str) -> None:
    for source in ("print('ü')\r\n", f"{HEADER}print(2)\n\n"):
        put(client, f"{folder}/nb", source.encode(), ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True)
        want = source if source.startswith(HEADER) else HEADER + source
        assert exported(client, f"{folder}/nb") == want.encode()


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\r\n\n\r--boundary", b"line\n" * 1000], ids=["empty", "bytes", "lines"]
)
def test_a_file_comes_back_to_the_byte_however_it_was_sent(
    client: WorkspaceClient, server: RunningWorkspace, folder: str, content: bytes
) -> None:
    put(client, f"{folder}/raw", content, ImportFormat.RAW)
    client.workspace.upload(f"{folder}/form", io.BytesIO(content), format=ImportFormat.RAW, overwrite=True)
    for name in ("raw", "form"):
        assert exported(client, f"{folder}/{name}", ExportFormat.AUTO) == content
        assert client.workspace.download(f"{folder}/{name}").read() == content
        assert (server.root / f"files{folder}/{name}").read_bytes() == content


def test_auto_makes_a_notebook_of_a_source_with_the_header(client: WorkspaceClient, folder: str) -> None:
    client.workspace.upload(f"{folder}/nb.py", io.BytesIO(HEADER.encode()), format=ImportFormat.AUTO)
    client.workspace.upload(f"{folder}/module.py", io.BytesIO(b"x = 1"), format=ImportFormat.AUTO)
    assert {each.path: each.object_type for each in client.workspace.list(folder)} == {
        f"{folder}/nb": ObjectType.NOTEBOOK,
        f"{folder}/module.py": ObjectType.FILE,
    }


def test_a_missing_parent_is_worded_as_the_provider_matches_it(
    server: RunningWorkspace, http: requests.Session
) -> None:
    body = {"path": "/Shared/none/x", "content": "", "format": "RAW"}
    answer = http.post(f"{server.host}/api/2.0/workspace/import", json=body, timeout=10)
    assert (answer.status_code, answer.json()) == (
        404,
        {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "The parent folder (/Shared/none) does not exist."},
    )
    dashboard = {"display_name": "d", "parent_path": "/Workspace/Shared/none", "serialized_dashboard": "{}"}
    refused = http.post(f"{server.host}/api/2.0/lakeview/dashboards", json=dashboard, timeout=10)
    assert (refused.status_code, refused.json()["message"]) == (404, "Path (/Shared/none) doesn't exist.")


def test_overwriting_needs_the_flag_and_the_same_type(client: WorkspaceClient, folder: str) -> None:
    put(client, f"{folder}/x", b"1", ImportFormat.RAW)
    before = client.workspace.get_status(f"{folder}/x").object_id
    with pytest.raises(ResourceAlreadyExists, match=rf"Path \({folder}/x\) already exists"):
        put(client, f"{folder}/x", b"2", ImportFormat.RAW)
    with pytest.raises(BadRequest, match="type mismatch"):
        put(client, f"{folder}/x", b"2", ImportFormat.SOURCE, language=Language.SQL, overwrite=True)
    put(client, f"{folder}/x", b"3", ImportFormat.RAW, overwrite=True)
    assert exported(client, f"{folder}/x", ExportFormat.AUTO) == b"3"
    assert client.workspace.get_status(f"{folder}/x").object_id == before


def test_a_folder_that_is_not_empty_goes_only_recursively_and_with_its_files(
    client: WorkspaceClient, server: RunningWorkspace, folder: str
) -> None:
    client.workspace.mkdirs(f"{folder}/a/b")
    client.workspace.mkdirs(f"{folder}/a%_b/c")
    put(client, f"{folder}/a/b/x", b"1", ImportFormat.RAW)
    with pytest.raises(BadRequest, match="is not empty"):
        client.workspace.delete(f"{folder}/a")
    client.workspace.delete(f"{folder}/a", recursive=True)
    assert not (server.root / f"files{folder}/a").exists()
    assert [each.path for each in client.workspace.list(folder)] == [f"{folder}/a%_b"]
    with pytest.raises(NotFound, match="doesn't exist"):
        client.workspace.get_status(f"{folder}/a/b/x")
    with pytest.raises(InvalidParameterValue, match="protected"):
        client.workspace.delete("/Shared", recursive=True)


def test_a_folder_with_a_dashboard_or_a_query_in_it_is_not_empty(client: WorkspaceClient, folder: str) -> None:
    client.workspace.mkdirs(f"{folder}/d")
    client.workspace.mkdirs(f"{folder}/d2")
    made = client.lakeview.create(Dashboard(display_name="x", parent_path=f"{folder}/d", serialized_dashboard="{}"))
    query = CreateQueryRequestQuery(
        display_name="q", query_text="select 1", warehouse_id="w", parent_path=f"{folder}/d"
    )
    asked = client.queries.create(query=query)
    client.workspace.delete(f"{folder}/d2")
    with pytest.raises(BadRequest, match="is not empty"):
        client.workspace.delete(f"{folder}/d")
    client.lakeview.trash(str(made.dashboard_id))
    with pytest.raises(BadRequest, match="is not empty"):
        client.workspace.delete(f"{folder}/d")
    client.workspace.delete(f"{folder}/d", recursive=True)
    with pytest.raises(NotFound):
        client.queries.get(str(asked.id))


@pytest.mark.parametrize(
    "path", ["relative", "", "/Shared/../../etc", "/Shared//x", "/Shared/./x", "/Shared/x\0y", "/Shared/" + "x" * 300]
)
def test_a_path_that_could_lead_elsewhere_is_refused(
    server: RunningWorkspace, http: requests.Session, path: str
) -> None:
    for route, body in (("mkdirs", {}), ("import", {"content": "", "format": "RAW"}), ("delete", {})):
        answer = http.post(f"{server.host}/api/2.0/workspace/{route}", json={"path": path, **body}, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"format": "DBC"}, "SOURCE, RAW and AUTO, not DBC"),
        ({"format": "SOURCE"}, "language of notebook"),
        ({"format": "RAW", "content": "not base64!"}, "not valid base64"),
        ({"format": "SOURCE", "language": "PYTHON", "content": "/w=="}, "not UTF-8"),
        ({"format": "RAW", "content": base64.b64encode(bytes(10 * 1024 * 1024 + 1)).decode()}, "larger than"),
    ],
)
def test_an_import_that_cannot_be_kept_is_refused_by_name(
    server: RunningWorkspace, http: requests.Session, body: dict[str, str], message: str
) -> None:
    body = {"path": "/Shared/refused", "content": "", **body}
    answer = http.post(f"{server.host}/api/2.0/workspace/import", json=body, timeout=30)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert not (server.root / "files/Shared/refused").exists()
