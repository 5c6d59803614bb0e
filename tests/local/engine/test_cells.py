"""Reading notebooks, the page they leave, files of volumes: what needs no Spark."""

from __future__ import annotations

import contextvars
import re
from pathlib import Path

import pytest
from matplotlib import pyplot

from local.engine import figures
from local.engine.cells import Cell, NotebookError, parse_cells, split_statements
from local.engine.dbutils import Context, DbUtils, InputWidgetNotDefined, Widgets
from local.engine.filesystem import FileSystem
from local.engine.internal import Internal
from local.engine.output import REDACTED, TEXT_LIMIT, Output, current_output

PYTHON = """# Databricks notebook source
# MAGIC %md
# MAGIC # Title

# COMMAND ----------

# DBTITLE 1,Numbers
x = 1
print(x)

# COMMAND ----------

# MAGIC %sql
# MAGIC select 1
# MAGIC
# MAGIC from t

# COMMAND ----------

# MAGIC %run ./other $a="b c"
"""


def test_cells_know_their_language_and_their_line() -> None:
    assert parse_cells("/n", "PYTHON", PYTHON) == [
        Cell(1, "MARKDOWN", "# Title\n", 3),
        Cell(2, "PYTHON", "x = 1\nprint(x)\n", 8),
        Cell(3, "SQL", "select 1\n\nfrom t\n", 14),
        Cell(4, "RUN", './other $a="b c"', 20),
    ]


def test_sql_notebook_has_python_cells() -> None:
    sql = "-- Databricks notebook source\nselect 1\n\n-- COMMAND ----------\n\n"
    source = sql + "-- MAGIC %python\n-- MAGIC if x:\n-- MAGIC     y"
    assert parse_cells("/n", "SQL", source) == [
        Cell(1, "SQL", "select 1\n", 2),
        Cell(2, "PYTHON", "if x:\n    y", 7),
    ]


@pytest.mark.parametrize("magic", ["scala", "r", "pip", "sh"])
def test_unsupported_magic_names_notebook_cell_and_mend(magic: str) -> None:
    source = f"x = 1\n# COMMAND ----------\n# MAGIC %{magic} something"
    with pytest.raises(NotebookError, match=f"/n, cell 2: %{magic} is not supported by the local workspace; .+"):
        parse_cells("/n", "PYTHON", source)


def test_statements_end_at_semicolons_outside_of_strings_and_comments() -> None:
    assert split_statements("select ';' ; -- no; end\nselect 2 /* ; */ as x;\n-- only a comment\n") == [
        "select ';'",
        "select 2 /* ; */ as x",
    ]


def test_parameter_wins_over_widget_default() -> None:
    widgets = Widgets({"a": "job"})
    widgets.text("a", "notebook")
    widgets.text("b", "notebook")
    assert (widgets.get("a"), widgets.get("b")) == ("job", "notebook")


def test_unset_widget_is_an_error_that_names_it() -> None:
    with pytest.raises(InputWidgetNotDefined, match="No input widget named day is defined"):
        Widgets({}).get("day")


def test_widgets_of_every_kind_have_a_value_until_they_are_removed() -> None:
    widgets = Widgets({"day": "2026-06-01"})
    widgets.text("day", "today")
    widgets.dropdown("layer", "gold", ["silver", "gold"])
    widgets.combobox("region", "eu", ["eu", "us"])
    widgets.multiselect("tables", "a,b", ["a", "b", "c"])
    assert widgets.getAll() == {"day": "2026-06-01", "layer": "gold", "region": "eu", "tables": "a,b"}
    widgets.remove("layer")
    with pytest.raises(InputWidgetNotDefined):
        widgets.get("layer")
    widgets.removeAll()
    assert widgets.getAll() == {}


def test_two_runs_that_draw_at_once_show_their_own_figures(tmp_path: Path) -> None:
    pyplot.switch_backend(figures.NAME)
    pages = [Output(tmp_path / f"{n}.html", "t") for n in range(2)]

    def draw() -> None:
        pyplot.plot([1, 2])

    runs = [contextvars.copy_context() for _ in pages]
    for run, page in zip(runs, pages, strict=True):
        run.run(current_output.set, page)
        run.run(draw)
    runs[0].run(figures.flush)
    assert [page.page().count("data:image/png") for page in pages] == [1, 0]
    runs[1].run(pyplot.show)
    runs[0].run(figures.flush)
    assert [page.page().count("data:image/png") for page in pages] == [1, 1]
    assert pyplot.get_fignums() == []


def test_dropdown_refuses_what_is_not_a_choice() -> None:
    with pytest.raises(ValueError, match=r"Widget mode: value 'c' is not among the choices \['a', 'b'\]"):
        Widgets({"mode": "c"}).dropdown("mode", "a", ["a", "b"])


def test_page_escapes_and_blots_out_secrets_read_later(tmp_path: Path) -> None:
    output = Output(tmp_path / "run" / "output.html", "<title>")
    output.text("before s&cret<1> ")
    output.table(["<b>"], [["s&cret<1>"]], cut=False)
    output.document("<script>s&cret<1></script>")
    output.add_secret("s&cret<1>")
    output.save()
    page = output.path.read_text()
    assert page.count(REDACTED) == 3
    assert "cret" not in page
    assert "<script>" not in page
    assert "<b>" not in page


def test_text_beyond_the_limit_is_cut_and_said(tmp_path: Path) -> None:
    output = Output(tmp_path / "output.html", "n")
    for _ in range(3):
        output.text("x" * (TEXT_LIMIT // 2 + 1))
    page = output.page()
    assert len(page) < TEXT_LIMIT + 5000
    assert page.count("output is longer than the page keeps") == 1


@pytest.fixture
def files(tmp_path: Path) -> FileSystem:
    (tmp_path / "shop" / "raw" / "landing").mkdir(parents=True)
    return FileSystem(tmp_path)


def test_files_of_a_volume(files: FileSystem) -> None:
    base = "/Volumes/shop/raw/landing"
    files.put(f"{base}/a/one.txt", "1\n2\n")
    files.cp(f"{base}/a", f"dbfs:{base}/b", recurse=True)
    files.mv(f"{base}/b/one.txt", f"{base}/two.txt")
    assert [(entry.path, entry.size) for entry in files.ls(base)] == [
        (f"{base}/a/", 0),
        (f"{base}/b/", 0),
        (f"{base}/two.txt", 4),
    ]
    assert files.head(f"{base}/two.txt", 1) == "1"
    with pytest.raises(OSError, match="recurse=True"):
        files.rm(f"{base}/a")
    assert files.rm(f"{base}/a", recurse=True)
    assert not files.rm(f"{base}/a")


def test_put_does_not_overwrite_unasked(files: FileSystem) -> None:
    path = "/Volumes/shop/raw/landing/x"
    files.put(path, "1")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        files.put(path, "2")
    files.put(path, "2", overwrite=True)
    assert files.head(path) == "2"


@pytest.mark.parametrize("path", ["/etc/passwd", "/Volumes/shop/raw/landing/../../x", "/Volumes/shop", "landing"])
def test_paths_outside_of_volumes_are_refused(files: FileSystem, path: str) -> None:
    with pytest.raises(ValueError, match="/Volumes/<catalog>/<schema>/<volume>"):
        files.ls(path)


def test_volume_must_exist(files: FileSystem) -> None:
    with pytest.raises(FileNotFoundError, match=r"Volume shop\.raw\.other does not exist"):
        files.mkdirs("/Volumes/shop/raw/other/x")


def test_files_take_the_names_of_their_parameters_from_databricks(files: FileSystem) -> None:
    path = "/Volumes/shop/raw/landing/named"
    assert files.mkdirs(dir=path)
    assert files.put(file=f"{path}/a", contents="äb", overwrite=True)
    assert files.cp(from_=f"{path}/a", to=f"{path}/b", recurse=False)
    assert files.mv(from_=f"{path}/b", to=f"{path}/c", recurse=False)
    assert [(each.name, each.isFile(), each.isDir()) for each in files.ls(dir=path)] == [
        ("a", True, False),
        ("c", True, False),
    ]
    assert files.head(file=f"{path}/c", maxBytes=2) == "ä"
    assert files.rm(dir=path, recurse=True)
    with pytest.raises(FileNotFoundError, match=f"No such file or directory: {path}"):
        files.ls(path)


@pytest.mark.parametrize(
    ("part", "name", "has"),
    [
        ("", "library", "fs, jobs, notebook, secrets, widgets"),
        (".fs", "mounts", "cp, head, ls, mkdirs, mv, put, rm"),
        (".secrets", "help", "get, getBytes, list, listScopes"),
        (".widgets", "getArgument", "combobox, dropdown, get, getAll, multiselect, remove, removeAll, text"),
        (".notebook", "getContext", "exit, run"),
        (".jobs", "currentRun", "taskValues"),
        (".jobs.taskValues", "list", "get, set"),
    ],
)
def test_names_that_dbutils_has_on_databricks_alone_are_refused_with_those_it_has(
    tmp_path: Path, part: str, name: str, has: str
) -> None:
    internal, output = Internal("http://127.0.0.1:1", "t"), Output(tmp_path / "output.html", "n")
    context = Context(None, None, None, None, "me@example.com", "")
    found = DbUtils(tmp_path, internal, output, context, {}, lambda *_: "")
    for piece in part.split(".")[1:]:
        found = getattr(found, piece)
    assert not hasattr(found, name)
    said = f"dbutils{part}.{name} is not supported by the local workspace; dbutils{part} has {has}."
    with pytest.raises(AttributeError, match=re.escape(said)):
        getattr(found, name)
