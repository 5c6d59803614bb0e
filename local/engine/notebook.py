"""One notebook being executed: its namespace, its session, cell after cell."""

from __future__ import annotations

import ast
import builtins
import linecache
import posixpath
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from local.engine import dialect
from local.engine.cells import Cell, NotebookError, parse_cells, split_statements
from local.engine.dbutils import DbUtils
from local.engine.output import ROW_LIMIT, Output, show

FindNotebook = Callable[[str], tuple[str, str] | None]


@dataclass(frozen=True)
class Notebook:
    """A notebook of the workspace: absolute path, PYTHON or SQL, source."""

    path: str
    language: str
    source: str

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return posixpath.dirname(self.path)

    def neighbour(self, path: str) -> str:
        """Return the absolute path of another notebook as this one names it."""
        return posixpath.normpath(posixpath.join(self.folder, path.removeprefix("/Workspace")))


class Execution:
    """Runs the cells of a notebook in one namespace; `cells` maps compiled file names to cell numbers."""

    def __init__(self, spark: SparkSession, dbutils: DbUtils, output: Output, find: FindNotebook) -> None:
        self.cells: dict[str, int] = {}
        self._spark = spark
        self._dbutils = dbutils
        self._output = output
        self._find = find
        self._running: list[str] = []
        self._namespace = self._new_namespace()

    def run(self, notebook: Notebook) -> None:
        """Run every cell in order; the first error ends it."""
        if notebook.path in self._running:
            raise NotebookError(f"%run goes in a circle: {' → '.join([*self._running, notebook.path])}.")
        cells = parse_cells(notebook.path, notebook.language, notebook.source)
        self._running.append(notebook.path)
        for cell in cells:
            self._output.heading(f"{notebook.path}, cell {cell.number}")
            if cell.language == "MARKDOWN":
                self._output.markdown(cell.text)
            elif cell.language == "SQL":
                self._run_sql(cell)
            elif cell.language == "RUN":
                self._include(notebook, cell)
            else:
                self._run_python(notebook, cell)
            self._output.save()
        self._running.pop()

    def _new_namespace(self) -> dict[str, Any]:
        # The name __main__ makes Spark send functions of the notebook to its workers by value.
        spark = _with_dialect(self._spark)
        return {
            "__name__": "__main__",
            "__builtins__": builtins,
            "spark": spark,
            "sc": spark.sparkContext,
            "sql": spark.sql,
            "table": spark.table,
            "dbutils": self._dbutils,
            "display": lambda value: show(self._output, value),
            "displayHTML": self._output.document,
        }

    def _run_python(self, notebook: Notebook, cell: Cell) -> None:
        name = f"{notebook.path} [cell {cell.number}]"
        # Blank lines in front make every line number one of the notebook.
        text = "\n" * (cell.line - 1) + cell.text + "\n"
        self.cells[name] = cell.number
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        tree = ast.parse(text, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec", dont_inherit=True), self._namespace)  # noqa: S102 (running notebooks is the purpose)
        if isinstance(last, ast.Expr):
            expression = compile(ast.Expression(last.value), name, "eval", dont_inherit=True)
            self._show_value(eval(expression, self._namespace))  # noqa: S307
        figures = sys.modules.get("local.engine.figures")  # matplotlib loads it with the first figure
        if figures is not None:
            figures.flush()

    def _show_value(self, value: Any) -> None:
        if value is None:
            return
        if hasattr(value, "savefig") or type(value).__module__.startswith("pandas."):
            show(self._output, value)
        else:
            self._output.text(f"{value!r}\n")

    def _run_sql(self, cell: Cell) -> None:
        frame: DataFrame | None = None
        for statement in split_statements(cell.text):
            # Databricks fills named markers from the widgets.
            arguments = self._dbutils.widgets.getAll() if ":" in statement else {}
            frame = dialect.run(self._spark, statement, arguments or None)
        if frame is not None and frame.columns:
            self._namespace["_sqldf"] = frame
            rows = frame.limit(ROW_LIMIT + 1).collect()
            self._output.table(frame.columns, rows[:ROW_LIMIT], cut=len(rows) > ROW_LIMIT)

    def _include(self, notebook: Notebook, cell: Cell) -> None:
        path, *arguments = shlex.split(cell.text) or [""]
        target = notebook.neighbour(path)
        found = self._find(target) if path else None
        if found is None:
            raise NotebookError(f"{notebook.path}, cell {cell.number}: %run {path}: there is no notebook {target}.")
        for argument in arguments:
            name, _, value = argument.removeprefix("$").partition("=")
            self._dbutils.widgets.text(name, value)
        self.run(Notebook(target, *found))


def _with_dialect(session: SparkSession) -> SparkSession:
    """Return the same session with `sql` understanding what Databricks SQL adds to Spark's."""
    spark = SparkSession(session.sparkContext, session._jsparkSession)

    def sql(sqlQuery: str, args: Mapping[str, Any] | list[Any] | None = None, **frames: Any) -> DataFrame:  # noqa: N803
        if frames:
            return session.sql(sqlQuery, args, **frames)
        return dialect.run(session, sqlQuery, args if args is None or isinstance(args, list) else dict(args))

    spark.sql = sql
    return spark
