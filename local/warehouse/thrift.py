"""The Thrift protocol of a SQL warehouse (TCLIService), answered call by call."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import pyspark
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TProtocol import TProtocolException
from thrift.Thrift import TApplicationException
from thrift.transport.TTransport import TMemoryBuffer

from local.errors import invalid
from local.warehouse import metadata
from local.warehouse.parameters import Parameter
from local.warehouse.results import EMPTY, Result, Shape
from local.warehouse.sessions import BACKGROUND_GRACE, POLL_GRACE, OpenSessions, Operation, Session, Work
from local.warehouse.statement import execute, use_namespace, use_settings
from local.warehouse.thrift_types import metadata as described
from local.warehouse.thrift_types import page, success

_log = logging.getLogger(__name__)

# A statement that ends within this time needs one round trip.
_DIRECT_WAIT = 2.0
_STATUS_WAIT = 0.5
_OPEN_WAIT = 100.0
_PROTOCOL = ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7
_STATES = {
    "RUNNING": ttypes.TOperationState.RUNNING_STATE,
    "SUCCEEDED": ttypes.TOperationState.FINISHED_STATE,
    "FAILED": ttypes.TOperationState.ERROR_STATE,
    "CANCELED": ttypes.TOperationState.CANCELED_STATE,
}
_INFO = {
    ttypes.TGetInfoType.CLI_SERVER_NAME: "Spark SQL",
    ttypes.TGetInfoType.CLI_DBMS_NAME: "Spark SQL",
    ttypes.TGetInfoType.CLI_DBMS_VER: pyspark.__version__,
}


class _Unanswerable(Exception):  # noqa: N818 - the message is the client's answer
    """A call that names something unknown or asks for what this server does not do."""

    def __init__(self, message: str, code: int = ttypes.TStatusCode.ERROR_STATUS) -> None:
        super().__init__(message)
        self.code = code


class Endpoint:
    """Answers one Thrift call after another for all clients of one driver."""

    def __init__(self, sessions: OpenSessions) -> None:
        self._processor = TCLIService.Processor(_Handler(sessions))

    def answer(self, request: bytes) -> bytes:
        """Return the bytes of the answer to the bytes of one call."""
        answer = TMemoryBuffer()
        try:
            self._processor.process(TBinaryProtocol(TMemoryBuffer(request)), TBinaryProtocol(answer))
        except (EOFError, TProtocolException) as error:
            raise invalid(f"The body is not a call of the Thrift binary protocol: {error!r}") from None
        return bytes(answer.getvalue())


class _Handler:
    """The calls of TCLIService.Iface; their names are the protocol's."""

    def __init__(self, sessions: OpenSessions) -> None:
        self._sessions = sessions

    def __getattr__(self, call: str) -> NoReturn:
        # What no Python client calls, and a driver of another language may: it must hear what is missing.
        raise TApplicationException(
            TApplicationException.UNKNOWN_METHOD, f"The local workspace does not answer {call} over Thrift."
        )

    def OpenSession(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            session = self._sessions.open()
            namespace = request.initialNamespace or ttypes.TNamespace()
            opening = session.submit(_opening(namespace, request.configuration or {}))
            if not opening.wait(_OPEN_WAIT) or opening.failure is not None:
                self._sessions.close(session)
                raise _Unanswerable(opening.failure.message if opening.failure else "The session did not open in time.")
            session.drop(opening)
            return ttypes.TOpenSessionResp(
                status=success(),
                serverProtocolVersion=_PROTOCOL,
                sessionHandle=ttypes.TSessionHandle(sessionId=_handle(session.id), serverProtocolVersion=_PROTOCOL),
                configuration={},
                initialNamespace=namespace,
                canUseMultipleCatalogs=True,
                getInfos=[],
            )

        return _answered(ttypes.TOpenSessionResp, work)

    def CloseSession(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            self._sessions.close(self._session(request.sessionHandle))
            return ttypes.TCloseSessionResp(status=success())

        return _answered(ttypes.TCloseSessionResp, work)

    def GetInfo(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            self._session(request.sessionHandle)
            if request.infoType not in _INFO:
                raise _Unanswerable(f"Information {request.infoType} is not known here.")
            return ttypes.TGetInfoResp(
                status=success(), infoValue=ttypes.TGetInfoValue(stringValue=_INFO[request.infoType])
            )

        return _answered(ttypes.TGetInfoResp, work)

    def ExecuteStatement(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            if not request.canReadArrowResult:
                raise _Unanswerable("Results are sent in Arrow format only: install pyarrow beside the client.")
            native = request.useArrowNativeTypes
            shape = Shape(bool(native and native.decimalAsArrow), bool(native and native.complexTypesAsArrow))
            parameters = [_parameter(each) for each in request.parameters or ()]
            statement = execute(request.statement, parameters, shape, request.resultRowLimit)
            return self._submitted(
                ttypes.TExecuteStatementResp, ttypes.TOperationType.EXECUTE_STATEMENT, request, statement
            )

        return _answered(ttypes.TExecuteStatementResp, work)

    def GetCatalogs(self, request: Any) -> Any:  # noqa: N802
        return self._listed(ttypes.TGetCatalogsResp, ttypes.TOperationType.GET_CATALOGS, request, metadata.catalogs())

    def GetTableTypes(self, request: Any) -> Any:  # noqa: N802
        return self._listed(
            ttypes.TGetTableTypesResp, ttypes.TOperationType.GET_TABLE_TYPES, request, metadata.table_types()
        )

    def GetSchemas(self, request: Any) -> Any:  # noqa: N802
        rows = metadata.schemas(request.catalogName, request.schemaName)
        return self._listed(ttypes.TGetSchemasResp, ttypes.TOperationType.GET_SCHEMAS, request, rows)

    def GetTables(self, request: Any) -> Any:  # noqa: N802
        rows = metadata.tables(request.catalogName, request.schemaName, request.tableName, request.tableTypes)
        return self._listed(ttypes.TGetTablesResp, ttypes.TOperationType.GET_TABLES, request, rows)

    def GetColumns(self, request: Any) -> Any:  # noqa: N802
        rows = metadata.columns(request.catalogName, request.schemaName, request.tableName, request.columnName)
        return self._listed(ttypes.TGetColumnsResp, ttypes.TOperationType.GET_COLUMNS, request, rows)

    def GetOperationStatus(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            _, operation = self._operation(request.operationHandle)
            operation.wait(_STATUS_WAIT)
            return _status(operation)

        return _answered(ttypes.TGetOperationStatusResp, work)

    def GetResultSetMetadata(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            _, operation = self._operation(request.operationHandle)
            return described(_finished(operation))

        return _answered(ttypes.TGetResultSetMetadataResp, work)

    def FetchResults(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            _, operation = self._operation(request.operationHandle)
            result = _finished(operation)
            if request.orientation == ttypes.TFetchOrientation.FETCH_FIRST:
                operation.fetched = 0
            return _fetched(
                operation, result, request.maxRows, request.maxBytes, bool(request.includeResultSetMetadata)
            )

        return _answered(ttypes.TFetchResultsResp, work)

    def CancelOperation(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            session, operation = self._operation(request.operationHandle)
            session.cancel(operation)
            return ttypes.TCancelOperationResp(status=success())

        return _answered(ttypes.TCancelOperationResp, work)

    def CloseOperation(self, request: Any) -> Any:  # noqa: N802
        def work() -> Any:
            session, operation = self._operation(request.operationHandle)
            session.drop(operation)
            return ttypes.TCloseOperationResp(status=success())

        return _answered(ttypes.TCloseOperationResp, work)

    def _listed(self, response: Any, kind: int, request: Any, work: Work) -> Any:
        return _answered(response, lambda: self._submitted(response, kind, request, work))

    def _submitted(self, response: Any, kind: int, request: Any, work: Work) -> Any:
        session = self._session(request.sessionHandle)
        direct = request.getDirectResults
        operation = session.submit(work, BACKGROUND_GRACE if direct is None else POLL_GRACE)
        handle = ttypes.TOperationHandle(operationId=_handle(operation.id), operationType=kind, hasResultSet=True)
        results = None if direct is None else _direct(session, operation, direct)
        return response(status=success(), operationHandle=handle, directResults=results)

    def _session(self, handle: Any) -> Session:
        session = self._sessions.get(_id(handle.sessionId))
        if session is None:
            raise _Unanswerable(
                f"Invalid SessionHandle: SessionHandle [{_id(handle.sessionId)}]",
                ttypes.TStatusCode.INVALID_HANDLE_STATUS,
            )
        return session

    def _operation(self, handle: Any) -> tuple[Session, Operation]:
        found = self._sessions.find(_id(handle.operationId))
        if found is None:
            raise _Unanswerable(
                f"Invalid OperationHandle: OperationHandle [{_id(handle.operationId)}]",
                ttypes.TStatusCode.INVALID_HANDLE_STATUS,
            )
        return found


def _opening(namespace: Any, configuration: Mapping[str, str]) -> Work:
    def work(spark: Any) -> Result:
        use_settings(spark, configuration)
        use_namespace(spark, namespace.catalogName, namespace.schemaName)
        return EMPTY

    return work


def _direct(session: Session, operation: Operation, limits: Any) -> Any:
    ended = operation.wait(_DIRECT_WAIT)
    results = ttypes.TSparkDirectResults(operationStatus=_status(operation))
    if not ended or operation.result is None:
        return results
    results.resultSetMetadata = described(operation.result)
    results.resultSet = _fetched(operation, operation.result, limits.maxRows, limits.maxBytes, with_metadata=False)
    if not results.resultSet.hasMoreRows:
        session.drop(operation)
        results.closeOperation = ttypes.TCloseOperationResp(status=success())
    return results


def _fetched(operation: Operation, result: Result, max_rows: int, max_bytes: int | None, with_metadata: bool) -> Any:
    rows, operation.fetched = page(result, operation.fetched, max_rows, max_bytes)
    return ttypes.TFetchResultsResp(
        status=success(),
        hasMoreRows=operation.fetched < result.table.num_rows,
        results=rows,
        resultSetMetadata=described(result) if with_metadata else None,
    )


def _status(operation: Operation) -> Any:
    status = ttypes.TGetOperationStatusResp(
        status=success(),
        operationState=_STATES[operation.state],
        operationStarted=int(operation.started_at * 1000),
        operationCompleted=None if operation.ended_at is None else int(operation.ended_at * 1000),
        hasResultSet=operation.result is not None,
        numModifiedRows=None if operation.result is None else operation.result.affected_rows,
    )
    if operation.failure is not None:
        status.sqlState = operation.failure.sqlstate
        status.errorMessage = status.displayMessage = operation.failure.message
        status.diagnosticInfo = operation.failure.detail
    return status


def _finished(operation: Operation) -> Result:
    if operation.result is None:
        reason = operation.failure.message if operation.failure else "it is still running"
        raise _Unanswerable(f"Operation {operation.id} has no result: {reason}")
    return operation.result


def _answered(response: Any, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except _Unanswerable as refusal:
        status = ttypes.TStatus(statusCode=refusal.code, errorMessage=str(refusal), displayMessage=str(refusal))
        return response(status=status)


def _parameter(sent: Any) -> Parameter:
    if sent.arguments is not None:
        return Parameter(sent.type, None, sent.name, tuple(_member(each) for each in sent.arguments))
    return Parameter(sent.type, None if sent.value is None else _text(sent.value), sent.name)


def _member(sent: Any) -> Parameter:
    members = None if sent.arguments is None else tuple(_member(each) for each in sent.arguments)
    return Parameter(sent.type, sent.value, members=members)


def _text(value: Any) -> str | None:
    held = next((each for each in (value.stringValue, value.doubleValue, value.booleanValue) if each is not None), None)
    return None if held is None else str(held)


def _handle(identifier: str) -> Any:
    return ttypes.THandleIdentifier(guid=uuid.UUID(identifier).bytes, secret=b"")


def _id(handle: Any) -> str:
    return uuid.UUID(bytes=handle.guid).hex
