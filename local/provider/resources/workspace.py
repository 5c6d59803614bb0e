"""databricks_notebook, databricks_workspace_file, databricks_directory."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path, PurePosixPath

from local.provider.client import ApiError
from local.provider.resource import Api, Created, Object, Resource, Rules
from local.provider.resources.common import found_or_none
from local.provider.schema import block, one
from local.provider.values import UNKNOWN, Values

_WORKSPACE = "/api/2.0/workspace"
# What a source file's ending says about a notebook.
_ENDINGS = {
    ".py": ("PYTHON", "SOURCE"),
    ".sql": ("SQL", "SOURCE"),
    ".scala": ("SCALA", "SOURCE"),
    ".r": ("R", "SOURCE"),
    ".ipynb": ("PYTHON", "JUPYTER"),
    ".dbc": ("", "DBC"),
}


def _validate_content(config: Values) -> list[str]:
    if (config["source"] is None) == (config["content_base64"] is None):
        return [f"{config['path']}: give either source or content_base64"]
    return _validate_path(config)


def _validate_path(config: Values) -> list[str]:
    path = config["path"]
    if path is not UNKNOWN and (not path.startswith("/") or path != str(PurePosixPath(path))):
        return [f"path {path!r} must be absolute and clean, without a trailing slash"]
    return []


def _validate_notebook(config: Values) -> list[str]:
    problems = _validate_content(config)
    if not problems and config["content_base64"] is not None and config["language"] is None:
        problems = [f"{config['path']}: content_base64 needs a language"]
    source = config["source"]
    if (
        not problems
        and isinstance(source, str)
        and config["language"] is None
        and Path(source).suffix.lower() not in _ENDINGS
    ):
        problems = [f"{source}: the ending says no language; set language"]
    return problems


def _content(values: Values) -> str:
    """Return the content in base64."""
    if values["content_base64"] is not None:
        return str(values["content_base64"])
    return base64.b64encode(Path(values["source"]).read_bytes()).decode()


def _plan_content(prior: Values | None, planned: Values, config: Values) -> None:
    """Hash the content now, so that a change of the source file is part of the plan."""
    if config["md5"] is None:
        known = UNKNOWN not in (config["source"], config["content_base64"])
        planned["md5"] = _md5(_content(config)) if known else UNKNOWN


def _md5(content: str) -> str:
    return hashlib.md5(base64.b64decode(content), usedforsecurity=False).hexdigest()


def _plan_notebook(prior: Values | None, planned: Values, config: Values) -> None:
    _plan_content(prior, planned, config)
    source = config["source"]
    language, kind = (
        _ENDINGS.get(Path(source).suffix.lower(), ("", "SOURCE")) if isinstance(source, str) else ("", "SOURCE")
    )
    if config["language"] is None:
        planned["language"] = UNKNOWN if source is UNKNOWN else language or None
    if config["format"] is None:
        planned["format"] = UNKNOWN if source is UNKNOWN else kind


def _import(api: Api, body: Object) -> Object:
    try:
        return api.post(f"{_WORKSPACE}/import", body)
    except ApiError as failure:
        message = failure.message.lower()
        if "parent folder " not in message or " does not exist" not in message:
            raise
        api.post(f"{_WORKSPACE}/mkdirs", {"path": str(PurePosixPath(body["path"]).parent)})
        return api.post(f"{_WORKSPACE}/import", body)


def _status(api: Api, path: str, kind: str) -> Object | None:
    found = found_or_none(lambda: api.get(f"{_WORKSPACE}/get-status", path=path))
    if found is not None and found["object_type"] != kind:
        raise ValueError(f"{path} is a {found['object_type']} in the workspace, not a {kind}")
    return found and {**found, **_places(api, path)}


def _places(api: Api, path: str) -> Object:
    return {"url": f"{api.host}/#workspace{path}", "workspace_path": f"/Workspace{path}"}


def _delete_object(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_WORKSPACE}/delete", {"path": prior["path"]}))


def _by_path(text: str) -> Values:
    return {"id": text, "path": text}


_NOTEBOOK = block(
    "content_base64 format~ id~ language~ md5~ object_id:number~ object_type~ path! source url= workspace_path=",
    provider_config=one("workspace_id!"),
)


def _send_notebook(api: Api, planned: Values) -> Object:
    path, source = planned["path"], planned["source"]
    language, kind = _ENDINGS.get(Path(source or "").suffix.lower(), ("", "SOURCE"))
    language = language if planned["language"] in (None, UNKNOWN) else planned["language"]
    kind = kind if planned["format"] is UNKNOWN else planned["format"]
    content = _content(planned)
    body = {"content": content, "path": path, "language": language, "format": kind, "overwrite": True}
    answer = _import(api, {name: value for name, value in body.items() if value})
    # A source notebook is what was sent: no need to ask back.
    return {
        **_places(api, path),
        "path": path,
        "language": language or None,
        "format": kind,
        "md5": _md5(content),
        "object_id": answer.get("object_id"),
        "object_type": "NOTEBOOK",
    }


def _create_notebook(api: Api, planned: Values) -> Created:
    return Created(str(planned["path"]), _send_notebook(api, planned))


def _update_notebook(api: Api, prior: Values, planned: Values) -> Object:
    found = _send_notebook(api, planned)
    return {**found, "object_id": found["object_id"] or prior["object_id"]}


def _read_notebook(api: Api, state: Values) -> Object | None:
    return _status(api, str(state["id"]), "NOTEBOOK")


_FILE = block("content_base64 id~ md5~ object_id:number~ path! source url= workspace_path=")


def _send_file(api: Api, planned: Values) -> None:
    body = {"content": _content(planned), "format": "RAW", "overwrite": True, "path": planned["path"]}
    _import(api, body)


def _create_file(api: Api, planned: Values) -> Created:
    _send_file(api, planned)
    return Created(str(planned["path"]))


def _update_file(api: Api, prior: Values, planned: Values) -> None:
    _send_file(api, planned)


def _read_file(api: Api, state: Values) -> Object | None:
    found = _status(api, str(state["id"]), "FILE")
    if found is None or state["md5"] is not None or (state["source"] is None and state["content_base64"] is None):
        return found
    return {**found, "md5": _md5(_content(state))}


_DIRECTORY = block("delete_recursive:bool id~ object_id:number~ path! workspace_path=")


def _create_directory(api: Api, planned: Values) -> Created:
    api.post(f"{_WORKSPACE}/mkdirs", {"path": planned["path"]})
    return Created(str(planned["path"]))


def _read_directory(api: Api, state: Values) -> Object | None:
    return _status(api, str(state["id"]), "DIRECTORY")


def _update_directory(api: Api, prior: Values, planned: Values) -> None:
    """Only delete_recursive can change, and that concerns nobody but us."""


def _delete_directory(api: Api, prior: Values) -> None:
    body: Object = {"path": prior["path"]}
    if prior["delete_recursive"]:
        body["recursive"] = True
    found_or_none(lambda: api.post(f"{_WORKSPACE}/delete", body))


_CONTENT_RULES = Rules(
    immutable=frozenset({"path"}),
    local=frozenset({"content_base64", "source", "provider_config"}),
)

RESOURCES = {
    "databricks_notebook": Resource(
        schema=_NOTEBOOK,
        version=1,
        rules=_CONTENT_RULES,
        validate=_validate_notebook,
        plan=_plan_notebook,
        create=_create_notebook,
        read=_read_notebook,
        update=_update_notebook,
        delete=_delete_object,
        parse_id=_by_path,
    ),
    "databricks_workspace_file": Resource(
        schema=_FILE,
        version=1,
        rules=_CONTENT_RULES,
        validate=_validate_content,
        plan=_plan_content,
        create=_create_file,
        read=_read_file,
        update=_update_file,
        delete=_delete_object,
        parse_id=_by_path,
    ),
    "databricks_directory": Resource(
        schema=_DIRECTORY,
        rules=Rules(immutable=frozenset({"path"}), local=frozenset({"delete_recursive"})),
        validate=_validate_path,
        create=_create_directory,
        read=_read_directory,
        update=_update_directory,
        delete=_delete_directory,
        parse_id=_by_path,
    ),
}
