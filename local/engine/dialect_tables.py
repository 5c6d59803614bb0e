"""Shims for statements about whole tables, and the refusal of what only Databricks can do."""

from __future__ import annotations

import re
from typing import Any

from pyspark.sql import SparkSession

from local.engine import metastore, unity
from local.engine.literals import NAME, NOTHING, PART, blanked, identifier, items, parts
from local.engine.refusal import refused

_ANALYZE = re.compile(
    rf"ANALYZE\s+TABLE\s+({NAME})\s+COMPUTE\s+(?:(DELTA)\s+STATISTICS|STATISTICS(?:\s+(NOSCAN)"
    rf"|\s+FOR\s+(?:(ALL)\s+COLUMNS|COLUMNS\s+\(?({PART}(?:\s*,\s*{PART})*)\)?))?)",
    re.I,
)
_RENAME = re.compile(rf"(ALTER\s+(?:TABLE|VIEW)\s+{NAME}\s+RENAME\s+TO\s+)({NAME})", re.I)
_COMMENT = re.compile(rf"COMMENT\s+ON\s+TABLE\s+({NAME})\s+IS\s+(.+)", re.I | re.S)
# Valid on Databricks; what they do has no counterpart in this metastore.
UNSUPPORTED = {
    "MATERIALIZED VIEW": (
        r"(?:CREATE\s+(?:OR\s+(?:REPLACE|REFRESH)\s+)?(?:PRIVATE\s+)?|ALTER\s+|DROP\s+|REFRESH\s+)MATERIALIZED\s+VIEW\b"
    ),
    "STREAMING TABLE": (
        r"(?:CREATE\s+(?:OR\s+(?:REPLACE|REFRESH)\s+)?(?:PRIVATE\s+)?|ALTER\s+|DROP\s+|REFRESH\s+)STREAMING\s+TABLE\b"
    ),
    # Without such a word it only drops what Spark remembers of a table.
    "REFRESH TABLE with FULL, SYNC or ASYNC": rf"REFRESH\s+TABLE\s+{NAME}\s+(?:FULL|SYNC|ASYNC)\b",
    "LIVE TABLE, FLOW, AUTO CDC and APPLY CHANGES of pipelines": (
        r"(?:CREATE\s+(?:OR\s+REFRESH\s+)?(?:TEMPORARY\s+|STREAMING\s+)?LIVE\s+(?:TABLE|VIEW)|CREATE\s+FLOW|AUTO\s+CDC"
        r"|APPLY\s+CHANGES)\b"
    ),
    "VIEW WITH METRICS": r"CREATE\s.*\bVIEW\b.*\bWITH\s+METRICS\s+LANGUAGE\b",
    "COPY INTO": r"COPY\s+INTO\b",
    "PUT, GET, REMOVE and LIST of volumes": r"(?:PUT|GET|REMOVE)\b|LIST(?:\s+LIMIT\s+\d+)?\s*$",
    "UNDROP": r"UNDROP\b",
    "CATALOG by SQL": r"(?:CREATE|DROP|ALTER|DESCRIBE)\s+CATALOG\b",
    "VOLUME by SQL": r"(?:CREATE\s+(?:EXTERNAL\s+)?|DROP\s+|ALTER\s+)VOLUME\b",
    "SHARE, RECIPIENT, CONNECTION, EXTERNAL LOCATION and CREDENTIAL by SQL": (
        r"(?:CREATE|ALTER|DROP)\s+(?:SHARE|RECIPIENT|CONNECTION|EXTERNAL\s+LOCATION|(?:(?:STORAGE|SERVICE)\s+)?CREDENTIAL)\b"
    ),
    "CLONE other than SHALLOW CLONE": (
        rf"CREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}\s+(?:DEEP\s+)?CLONE\b"
    ),
    "ROW FILTER": r"(?:ALTER|CREATE)\s.*\b(?:SET|DROP|WITH)\s+ROW\s+FILTER\b",
    "column MASK": r"ALTER\s.*\b(?:SET|DROP)\s+MASK\b",
    "CLUSTER BY AUTO": r"(?:ALTER|CREATE)\s.*\bCLUSTER\s+BY\s+AUTO\b",
    "PREDICTIVE OPTIMIZATION": r"ALTER\s.*\bPREDICTIVE\s+OPTIMIZATION\b",
    "privileges of anything but tables and views": r"(?:GRANT|REVOKE|SHOW\s+GRANTS?|DENY)\b",
    "tags of anything but tables and columns": r"(?:ALTER\s.*\b(?:SET|UNSET)\s+TAGS\b|(?:SET|UNSET)\s+TAG\s+ON\b)",
    "ANALYZE TABLE of a partition": r"ANALYZE\s+TABLE\s.*\sPARTITION\b",
}


def analyze_table(spark: SparkSession, sql: str) -> str | None:
    """`ANALYZE TABLE` of a Delta table by the commands behind it: Spark's parser refuses it for version 2 tables."""
    match = _ANALYZE.fullmatch(sql)
    if match is None:
        return None
    name, delta, noscan, all_columns, columns = match.groups()
    found = unity.relation(spark, name)
    jvm: Any = spark._jvm
    session = spark._jsparkSession
    table = jvm.org.apache.spark.sql.catalyst.TableIdentifier(found.name, jvm.scala.Option.apply(found.schema))
    if delta:
        _recompute(jvm, session, table)
        return NOTHING
    commands = jvm.org.apache.spark.sql.execution.command
    if all_columns or columns:
        names = [parts(each)[0] for each in items(columns)] if columns else None
        wanted = jvm.scala.Option.apply(None if names is None else jvm.PythonUtils.toSeq(names))
        commands.AnalyzeColumnCommand(table, wanted, names is None).run(session)
    else:
        commands.CommandUtils.analyzeTable(session, table, bool(noscan))
    return NOTHING


def rename_table(spark: SparkSession, sql: str) -> str | None:
    """`RENAME TO catalog.schema.t`: Spark wants the new name without its catalog."""
    match = _RENAME.fullmatch(sql)
    pieces = [] if match is None else parts(match.group(2))
    if match is None or len(pieces) != 3 or pieces[0].lower() not in metastore.catalogs(spark):
        return None
    return match.group(1) + ".".join(identifier(piece) for piece in pieces[1:])


def comment_on_view(spark: SparkSession, sql: str) -> str | None:
    """`COMMENT ON TABLE v IS '…'` of a view is a change of its properties."""
    match = _COMMENT.fullmatch(sql)
    found = None if match is None else unity.find(spark, match.group(1))
    if match is None or found is None or not found.is_view:
        return None
    comment = "''" if match.group(2).upper() == "NULL" else match.group(2)
    return f"ALTER VIEW {match.group(1)} SET TBLPROPERTIES ('comment' = {comment})"


def unsupported(_spark: SparkSession, sql: str) -> str | None:
    """A statement that only Databricks can run is refused as unsupported, not as bad syntax."""
    text = blanked(sql)
    for feature, pattern in UNSUPPORTED.items():
        if re.match(pattern, text, re.I | re.S):
            raise refused("UNSUPPORTED_FEATURE", f"The local workspace does not do {feature}.", "0A000")
    return None


def _recompute(jvm: Any, session: Any, table: Any) -> None:
    """Write the statistics of every file of a table into its log anew."""
    log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session, table)
    statistics = getattr(getattr(jvm.org.apache.spark.sql.delta.stats, "StatisticsCollection$"), "MODULE$")
    predicates, every_file = (getattr(statistics, f"recompute$default${number}")() for number in (4, 5))
    statistics.recompute(session, log, jvm.scala.Option.empty(), predicates, every_file)
