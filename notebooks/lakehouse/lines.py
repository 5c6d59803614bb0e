"""From files to judged lines: the columns of a source as text, or the reason why a line is none of its rows.

Columns are found by their names, in any order. In a CSV whose header lacks one no line counts as a header: all of
them are rejected, so that nothing is lost. Columns and fields that nobody asked for are kept in `rescued_data`.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- the name every Spark reader knows

from lakehouse.sources import Source

WRONG_HEADER = "wrong header"

_MARK = "\ufeff"  # of byte order, at the start of a file

# A line end counts only outside quotes; a field that starts with a quote ends with one.
_RECORD = r'\n([^"\n]*+(?:"[^"]*+"[^"\n]*+)*+)'
_FIELD = r',("[^"]*+(?:""[^"]*+)*+"|[^,"][^,]*+|)'


def judge(files: DataFrame, source: Source) -> DataFrame:
    """Return one row per data line: the source's columns, `rescued_data`, `source_line`, `raw_line`, `reason`.

    `reason` is null for a good line. What else a file has (`content` aside) is on each of its lines, and on one more
    row with `source_line` 0, so that a file without lines is seen too.
    """
    content = F.col("content")
    content = F.when(F.startswith(content, F.lit(_MARK)), F.substr(content, F.lit(len(_MARK) + 1))).otherwise(content)
    # Quotes that do not pair would swallow the rest of the file: then every line stands for itself.
    multiline = F.contains(content, F.lit('"')) & (_quotes(content) % 2 == 0) & (source.format == "csv")
    by_quotes = F.regexp_extract_all(F.concat(F.lit("\n"), content), F.lit(_RECORD), 1)
    records = F.transform(by_quotes, lambda record: F.regexp_replace(record, r"\r\z", ""))
    # A single character is found without a pattern, in half of the time.
    by_lines = F.when(F.contains(content, F.lit("\r")), F.split(content, r"\r?\n", -1)).otherwise(
        F.split(content, "\n", -1)
    )
    nothing = F.array().cast("array<string>")
    lines = F.when(content.isin("", "\n", "\r\n"), nothing).when(multiline, records).otherwise(by_lines)
    # After a line end at the end there is no other line.
    ended = F.endswith(content, F.lit("\n")) & (F.size("lines") > 0)
    complete = F.when(ended, F.slice("lines", 1, F.size("lines") - 1)).otherwise(F.col("lines"))
    lined = files.withColumn("lines", lines).withColumn("lines", complete).drop("content")
    return _csv(lined, source) if source.format == "csv" else _json(lined, source)


def _exploded(files: DataFrame) -> DataFrame:
    marked = F.concat(F.array(F.lit(None).cast("string")), F.col("lines"))
    return files.select("*", F.posexplode(marked).alias("source_line", "raw_line")).drop("lines")


def _headed(files: DataFrame, source: Source) -> DataFrame:
    """Add what the first line says: `names`, their `width`, the `places` of the source's columns, `header_problem`."""
    first = F.get("lines", F.lit(0))
    expected = F.array(*map(F.lit, source.columns))
    names = _fields(first)
    usable = (F.size(F.array_except(expected, names)) == 0) & (F.size(F.array_distinct(names)) == F.size(names))
    problem = F.concat(
        F.lit(f"{WRONG_HEADER}: found "), F.substring(first, 1, 200), F.lit(f", expected {','.join(source.columns)}")
    )
    usable = F.coalesce(usable & ~F.exists(names, lambda name: name.isNull()), F.lit(False))
    places = F.array(*(F.array_position("names", F.lit(column)) - 1 for column in source.columns))
    headed = files.withColumn("names", names).withColumn("header_problem", F.when(~usable, problem))
    return headed.withColumns({"places": places, "width": F.size("names")})


def _csv(files: DataFrame, source: Source) -> DataFrame:
    lines = _exploded(_headed(files, source)).where("header_problem is not null or source_line <> 1")
    quoted = F.contains("raw_line", F.lit('"'))
    fields = F.when(quoted, _fields(F.col("raw_line"))).otherwise(F.split("raw_line", ",", -1))
    lines = lines.withColumns({"quoted": quoted, "fields": fields})
    values = {column: _value(place) for place, column in enumerate(source.columns)}
    reason = F.coalesce(
        F.col("header_problem"),
        _unreadable(),
        F.when(F.col("quoted") & (_quotes(F.col("raw_line")) % 2 == 1), F.lit("unclosed quote")),
        F.when(F.col("fields").isNull(), F.lit("misplaced quote")),
        F.when(
            F.size("fields") != F.col("width"),
            F.concat(F.lit("wrong column count: expected "), F.col("width").cast("string")),
        ),
        _missing_key(values, source),
    )
    surplus = F.col("width") > len(source.columns)
    named = F.map_from_arrays("names", _fields(F.col("raw_line")))
    rescued = F.when(surplus & reason.isNull(), _others(named, source))
    return _judged(lines, values, rescued, reason).drop(
        "names", "fields", "header_problem", "places", "width", "quoted"
    )


def _value(place: int) -> Column:
    """Return a column's field of a line: null when nothing stands between the commas, not even quotes."""
    value = F.get("fields", F.get("places", F.lit(place)))
    return F.when(F.col("quoted") | (value != ""), value)


def _quotes(text: Column) -> Column:
    return F.length(text) - F.length(F.replace(text, F.lit('"'), F.lit("")))


def _fields(line: Column) -> Column:
    """Split a CSV line into its fields, empty ones as null; null when its quotes make no sense."""
    found = F.regexp_extract_all(F.concat(F.lit(","), line), F.lit(_FIELD), 1)
    bare = F.transform(
        found,
        lambda field: F.when(
            F.startswith(field, F.lit('"')),
            F.replace(F.substring(field, F.lit(2), F.length(field) - 2), F.lit('""'), F.lit('"')),
        ).when(field != "", field),
    )
    return F.when((line != "") & (F.array_join(found, ",") == line), bare)


def _others(fields: Column, source: Source) -> Column:
    """Return the fields that are no columns of the source, as a JSON object."""
    return F.to_json(F.map_filter(fields, lambda name, _: ~name.isin(*source.columns)))


def _json(files: DataFrame, source: Source) -> DataFrame:
    lines = _exploded(files).withColumn(
        "parsed", F.from_json(F.concat(F.lit("["), "raw_line", F.lit("]")), f"array<struct<{source.schema}>>")
    )
    lines = lines.withColumn("object", F.get("parsed", F.lit(0))).withColumn("keys", F.json_object_keys("raw_line"))
    # In brackets a second value counts. A parser stops where they close, be it by the line itself: one that has such
    # a bracket is parsed once more, inside an object.
    wrapped = F.json_object_keys(F.concat(F.lit('{"v":'), "raw_line", F.lit(',"w":0}')))
    followed = F.contains("raw_line", F.lit("]")) & (wrapped != F.array(F.lit("v"), F.lit("w")))
    alone = F.coalesce((F.size("parsed") == 1) & ~followed, F.lit(False))
    values = {column: F.col(f"object.{column}") for column in source.columns}
    expected = F.array(*map(F.lit, source.columns))
    usual = F.col("keys") == expected  # what most lines are needs no set of their names
    reason = F.coalesce(
        _unreadable(),
        F.when(F.col("keys").isNull() | ~alone, F.lit("broken JSON: expected one object")),
        F.when(~usual & (F.size("keys") > F.size(F.array_distinct("keys"))), F.lit("repeated field")),
        _missing_key(values, source),
    )
    surplus = ~usual & (F.size(F.array_except("keys", expected)) > 0)
    rescued = F.when(surplus & reason.isNull(), _others(F.from_json("raw_line", "map<string,string>"), source))
    return _judged(lines, values, rescued, reason).drop("parsed", "object", "keys")


def _unreadable() -> Column:
    """Say why a line cannot be read in any format; Spark has put U+FFFD where bytes were not UTF-8."""
    return F.when(F.trim("raw_line") == "", F.lit("empty line")).when(
        F.contains("raw_line", F.lit("\ufffd")), F.lit("not valid UTF-8")
    )


def _missing_key(values: dict[str, Column], source: Source) -> Column:
    missing = F.lit(None).cast("string")
    for column in reversed(source.key):
        blank = F.coalesce(F.trim(values[column]) == "", F.lit(True))
        missing = F.when(blank, F.lit(f"missing key: {column}")).otherwise(missing)
    return missing


def _judged(lines: DataFrame, values: dict[str, Column], rescued: Column, reason: Column) -> DataFrame:
    return lines.withColumns({**values, "rescued_data": rescued, "reason": reason})
