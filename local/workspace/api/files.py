"""/api/2.0/fs: files and directories of volumes."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from local.errors import ApiError, invalid
from local.services import Services
from local.workspace import volumes
from local.workspace.call import Call, page, route

NO_CONTENT = 204
# databricks-sdk asks for these first, and uses the Files API itself when it gets none.
PRESIGNED = ("upload-part-urls", "abort-upload-url", "download-url")


def routes(services: Services) -> list[Route]:
    """Upload, download, look, delete; make, list, look, delete."""
    files = _Files(services)
    file, directory = "/api/2.0/fs/files/{path:path}", "/api/2.0/fs/directories/{path:path}"
    return [
        Route(file, _upload(files), methods=["PUT"]),
        route("HEAD", file, files.look),
        route("GET", file, files.download),
        route("DELETE", file, files.delete),
        route("POST", file, _initiate),
        *(route("POST", f"/api/2.0/fs/create-{name}", _no_presigned_urls) for name in PRESIGNED),
        route("PUT", directory, files.make_directory),
        route("HEAD", directory, files.look_directory),
        route("GET", directory, files.list_directory),
        route("DELETE", directory, files.delete_directory),
    ]


def _upload(files: _Files) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """Stream the body to a file of its own, then put it in place: never half a file, never a file in memory."""
        place = await run_in_threadpool(files.check_upload, _call(request))
        temporary = files.incoming / uuid.uuid4().hex
        try:
            async with await anyio.open_file(temporary, "xb") as file:
                async for chunk in request.stream():
                    await file.write(chunk)
                await file.flush()
            await run_in_threadpool(files.put, _call(request), temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
        return Response(status_code=NO_CONTENT)

    return endpoint


def _call(request: Request) -> Call:
    return Call(dict(request.path_params), dict(request.query_params), {})


class _Files:
    def __init__(self, services: Services) -> None:
        self._root = services.root
        self._store = services.store
        self.incoming = services.root / "incoming"

    def check_upload(self, call: Call) -> Path:
        """Return where an upload will go, before its body is read."""
        place = self._place(call)
        if len(call.path["path"].strip("/").split("/")) < 5:
            raise invalid(f"Invalid path: /{call.path['path']}: it names a volume, not a file in it")
        if place.is_dir():
            raise ApiError(409, "ALREADY_EXISTS", "A directory exists at the path of the file being created.")
        if place.exists() and not _overwrite(call):
            raise ApiError(409, "ALREADY_EXISTS", "The file being created already exists.")
        return place

    def put(self, call: Call, temporary: Path, place: Path) -> None:
        """Move an uploaded file to its place."""
        self._place(call)  # the volume may be gone since the upload began
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ApiError(409, "ALREADY_EXISTS", f"A file exists at a parent of /{call.path['path']}.") from None
        if _overwrite(call):
            temporary.replace(place)
            return
        try:
            os.link(temporary, place)  # unlike a rename, refuses to replace what came in between
        except FileExistsError:
            raise ApiError(409, "ALREADY_EXISTS", "The file being created already exists.") from None

    def download(self, call: Call) -> Response:
        return FileResponse(self._file(call), media_type="application/octet-stream")

    def look(self, call: Call) -> Response:
        stat = self._file(call).stat()
        modified = format_datetime(datetime.fromtimestamp(stat.st_mtime, UTC), usegmt=True)
        headers = {"content-length": str(stat.st_size), "last-modified": modified}
        return Response(headers=headers, media_type="application/octet-stream")

    def delete(self, call: Call) -> Response:
        self._file(call).unlink()
        return Response(status_code=NO_CONTENT)

    def make_directory(self, call: Call) -> Response:
        try:
            self._place(call).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ApiError(409, "ALREADY_EXISTS", f"A file exists at /{call.path['path']} or above.") from None
        return Response(status_code=NO_CONTENT)

    def look_directory(self, call: Call) -> Response:
        self._directory(call)
        return Response()

    def list_directory(self, call: Call) -> dict[str, Any]:
        directory, path = self._directory(call), "/" + call.path["path"].strip("/")
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        # Only the page that is asked for is looked at: a landing folder may hold very many files.
        answer = page(call, found, "contents")
        return answer | {"contents": [_entry(entry, path) for entry in answer["contents"]]}

    def delete_directory(self, call: Call) -> Response:
        directory = self._directory(call)
        if any(directory.iterdir()):
            raise ApiError(400, "FILES_API_DIRECTORY_IS_NOT_EMPTY", "The directory being deleted is not empty.")
        shutil.rmtree(directory)
        return Response(status_code=NO_CONTENT)

    def _place(self, call: Call) -> Path:
        return volumes.locate(self._root, self._store, call.path["path"])

    def _file(self, call: Call) -> Path:
        place = self._place(call)
        if not place.is_file():
            raise ApiError(404, "NOT_FOUND", "The file being accessed is not found.")
        return place

    def _directory(self, call: Call) -> Path:
        place = self._place(call)
        if not place.is_dir():
            raise ApiError(404, "NOT_FOUND", "The directory being accessed is not found.")
        return place


def _initiate(call: Call) -> dict[str, Any]:
    # For a large file databricks-sdk asks this, then for URLs of its parts; when it gets none it sends one piece.
    if call.query.get("action") != "initiate-upload":
        raise invalid(f"action {call.query.get('action')} is not initiate-upload")
    return {"multipart_upload": {"session_token": "in-one-piece"}}


def _no_presigned_urls(_: Call) -> None:
    raise ApiError(403, "PERMISSION_DENIED", "Presigned URLs API is not enabled.")


def _overwrite(call: Call) -> bool:
    return call.flag("overwrite")


def _entry(entry: os.DirEntry[str], path: str) -> dict[str, Any]:
    stat = entry.stat()
    shown: dict[str, Any] = {
        "path": f"{path}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(),
        "last_modified": int(stat.st_mtime * 1000),
    }
    return shown if entry.is_dir() else shown | {"file_size": stat.st_size}
