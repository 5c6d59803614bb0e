"""SQL text, parameters and JSON cells: what needs no Spark."""

from __future__ import annotations

import pytest
from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TApplicationException
from thrift.transport.TTransport import TMemoryBuffer

from local.engine.literals import bare, blanked, closing, identifier, items, parts, quoted, strings
from local.engine.refusal import Refused
from local.errors import ApiError
from local.warehouse.parameters import Parameter, literal
from local.warehouse.thrift import Endpoint


def test_comments_before_a_statement_and_semicolons_after_it_go() -> None:
    assert bare("/* a ; */\n-- b\n  USE CATALOG x ;; \n") == "USE CATALOG x"
    assert bare("SELECT '-- no comment'") == "SELECT '-- no comment'"
    assert bare("-- only a comment") == ""


def test_blanking_keeps_length_and_names() -> None:
    sql = "SELECT 'a\\'b', \"c\", `d'e` -- f\n/* g */ FROM `h`"
    blank = blanked(sql)
    assert len(blank) == len(sql)
    assert "`d'e`" in blank
    assert blank.split() == ["SELECT", ",", ",", "`d'e`", "FROM", "`h`"]


def test_names_split_at_dots_outside_backticks() -> None:
    assert parts("`a.b`.c.`d``e`") == ["a.b", "c", "d`e"]
    assert parts(identifier("x`y.z")) == ["x`y.z"]


@pytest.mark.parametrize("text", ["it's", "back\\slash", "two\nlines", "'; DROP TABLE x; --", ""])
def test_quoting_hides_text_from_the_statement(text: str) -> None:
    assert blanked(f"SELECT {quoted(text)}, 1").split() == ["SELECT", ",", "1"]


def test_lists_of_columns_split_at_their_own_commas() -> None:
    columns = "a DECIMAL(9, 2), b MAP<STRING, ARRAY<INT>> COMMENT 'x, (y', `c, d` INT, e INT AS (a < 1 OR a > 2), f INT"
    assert items(columns) == [
        *("a DECIMAL(9, 2)", "b MAP<STRING, ARRAY<INT>> COMMENT 'x, (y'", "`c, d` INT"),
        *("e INT AS (a < 1 OR a > 2)", "f INT"),
    ]
    assert columns[: closing(columns, 9) + 1] == "a DECIMAL(9, 2)"
    assert closing("(a", 0) == 2


def test_literals_give_their_values() -> None:
    assert strings("'it\\'s' = \"a 'b'\", '' -- and no more") == ["it's", "a 'b'", ""]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("INT", "7", "7"),
        ("BIGINT", "-9223372036854775808", "-9223372036854775808L"),
        ("DECIMAL(10,2)", "1E+3", "1000BD"),
        ("BOOLEAN", "False", "false"),
        ("DATE", "2024-02-29", "DATE '2024-02-29'"),
        ("STRING", "it's", "'it\\'s'"),
        ("BINARY", "00ff", "X'00ff'"),
        ("VOID", "anything", "NULL"),
        ("INTERVAL DAY TO SECOND", "1 02:03:04", "INTERVAL '1 02:03:04' DAY TO SECOND"),
    ],
)
def test_parameters_become_literals(kind: str, value: str, text: str) -> None:
    assert literal(Parameter(kind, value)) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("INT", "2147483648"),
        ("INT", "1) OR (1=1"),
        ("DECIMAL(3,1)", "1; DROP"),
        ("DECIMAL(3,1)", "NaN"),
        ("DATE", "2023-02-29"),
        ("TIMESTAMP", "yesterday"),
        ("BOOLEAN", "maybe"),
        ("DOUBLE", "nan"),
        ("BINARY", "0x"),
    ],
)
def test_a_value_outside_its_type_is_refused_with_both_named(kind: str, value: str) -> None:
    with pytest.raises(Refused, match="CAST_INVALID_INPUT") as caught:
        literal(Parameter(kind, value, "p"))
    assert repr(value) in str(caught.value)
    assert kind in str(caught.value)
    assert caught.value.sqlstate == "22018"


def test_members_of_arrays_and_maps_are_literals_too() -> None:
    one, two = Parameter("INT", "1"), Parameter("STRING", "a")
    assert literal(Parameter("ARRAY", None, members=(one, one))) == "array(1, 1)"
    assert literal(Parameter("MAP", None, members=(two, one))) == "map('a', 1)"


def test_a_type_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Refused, match="GEOMETRY"):
        literal(Parameter("GEOMETRY", "x"))


@pytest.mark.parametrize("body", [b"", b"GET / HTTP/1.1", b"\x80\x01"])
def test_bytes_that_are_no_thrift_call_are_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="Thrift binary protocol"):
        Endpoint(None).answer(body)  # type: ignore[arg-type]


ANSWERED = ("OpenSession", "CloseSession", "GetInfo", "ExecuteStatement", "GetOperationStatus", "GetResultSetMetadata")
ANSWERED += ("FetchResults", "CancelOperation", "CloseOperation")
ANSWERED += ("GetCatalogs", "GetSchemas", "GetTables", "GetColumns", "GetTableTypes")
CALLS = [name for name in vars(TCLIService.Iface) if not name.startswith("_")]


@pytest.mark.parametrize("call", sorted({*CALLS} - {*ANSWERED}))
def test_calls_that_only_databricks_answers_are_refused_by_name(call: str) -> None:
    sent = TMemoryBuffer()
    getattr(TCLIService.Client(TBinaryProtocol(sent)), f"send_{call}")(None)
    answer = TMemoryBuffer(Endpoint(None).answer(sent.getvalue()))  # type: ignore[arg-type]
    with pytest.raises(TApplicationException, match=f"does not answer {call} over Thrift"):
        getattr(TCLIService.Client(TBinaryProtocol(answer)), f"recv_{call}")()
