"""What a notebook run prints and shows, kept as a page."""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

from markdown_it import MarkdownIt

REDACTED = "[REDACTED]"
# As a Databricks cell: what is beyond is cut, not kept in memory.
TEXT_LIMIT = 5_000_000
ROW_LIMIT = 1000
# A line of a longer secret, a key in PEM say, is secret by itself; a shorter line would blot out ordinary text.
SECRET_LINE = 8
_STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1b1f24;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.6em .8em;border-radius:4px}
pre.error{background:#ffebe9;color:#82071e}table{border-collapse:collapse;margin:.6em 0}
td,th{border:1px solid #d0d7de;padding:.2em .6em;text-align:left;vertical-align:top}th{background:#f6f8fa}
h2{font-size:1em;color:#57606a;border-top:1px solid #d0d7de;padding-top:.6em}iframe{width:100%;height:30em;border:0}
img{max-width:100%}
"""


class Output:
    """Collects what one run shows and writes it as an escaped HTML page, secrets blotted out."""

    def __init__(self, path: Path, title: str) -> None:
        self.path = path
        self._title = title
        self._parts: list[tuple[str, str]] = []
        self._secrets: set[str] = set()
        self._room = TEXT_LIMIT

    def add_secret(self, value: str) -> None:
        """Never show this value from here on, nor where it was shown before."""
        lines = (line for line in value.splitlines() if len(line) >= SECRET_LINE)
        self._secrets.update(part for part in (value, *lines) if part.strip())

    def redact(self, text: str) -> str:
        """Return a text with all secrets of the run blotted out."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text

    def heading(self, text: str) -> None:
        """Begin the output of a cell."""
        self._parts.append(("h2", text))

    def text(self, text: str, kind: str = "pre") -> None:
        """Add plain text; what directly follows other text continues it."""
        if len(text) > self._room:
            text = text[: self._room] + ("\n… output is longer than the page keeps\n" if self._room else "")
            self._room = 0
        self._room -= min(len(text), self._room)
        if text and self._parts and self._parts[-1][0] == kind:
            text = self._parts.pop()[1] + text
        if text:
            self._parts.append((kind, text))

    def error(self, text: str) -> None:
        """Add the trace of a failure."""
        self.text(text, "error")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], cut: bool) -> None:
        """Add a table of values."""
        head = "".join(f"<th>{self._escape(column)}</th>" for column in columns)
        body = "".join("<tr>" + "".join(f"<td>{self._escape(value)}</td>" for value in row) + "</tr>\n" for row in rows)
        note = f"<p>The first {ROW_LIMIT} rows.</p>" if cut else ""
        self._parts.append(("html", f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>{note}"))

    def markdown(self, text: str) -> None:
        """Add Markdown; HTML in it is shown as text, and nothing is loaded from elsewhere."""
        reader = MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")
        self._parts.append(("html", reader.render(self.redact(text))))

    def image(self, png: bytes) -> None:
        """Add a picture."""
        data = base64.b64encode(png).decode()
        self._parts.append(("html", f'<img alt="figure" src="data:image/png;base64,{data}">'))

    def document(self, markup: str) -> None:
        """Add a notebook's own HTML in a frame without scripts, where it can reach nothing of ours."""
        self._parts.append(("html", f'<iframe sandbox srcdoc="{self._escape(markup)}"></iframe>'))

    def save(self) -> None:
        """Write the page whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".partial")
        temporary.write_text(self.page(), encoding="utf-8")
        temporary.replace(self.path)

    def page(self) -> str:
        """Return the page."""
        body = "\n".join(self._render(kind, content) for kind, content in self._parts)
        title = self._escape(self._title)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
        )

    def _render(self, kind: str, content: str) -> str:
        if kind == "html":
            # The values inside were escaped when they were added; this is for secrets that were read later.
            for secret in self._secrets:
                content = content.replace(html.escape(secret), REDACTED)
            return content
        if kind == "h2":
            return f"<h2>{self._escape(content)}</h2>"
        return f"<pre{' class=error' if kind == 'error' else ''}>{self._escape(content)}</pre>"

    def _escape(self, value: Any) -> str:
        return html.escape(self.redact("null" if value is None else str(value)))


def show(output: Output, value: Any) -> None:
    """Show a value as Databricks' `display` does: frames as tables, figures as pictures, the rest as text."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if kind.startswith("pyspark.sql.") and hasattr(value, "isStreaming"):
        if value.isStreaming:
            raise TypeError(
                "display() of a streaming DataFrame is not supported by the local workspace: write it to a table."
            )
        rows = value.limit(ROW_LIMIT + 1).collect()
        output.table(value.columns, rows[:ROW_LIMIT], cut=len(rows) > ROW_LIMIT)
    elif kind.startswith("pandas.") and hasattr(value, "itertuples"):
        rows = list(value.head(ROW_LIMIT).itertuples(index=False, name=None))
        output.table([str(column) for column in value.columns], rows, cut=len(value) > ROW_LIMIT)
    elif hasattr(value, "savefig"):
        picture = io.BytesIO()
        value.savefig(picture, format="png", bbox_inches="tight")
        output.image(picture.getvalue())
        if value.canvas.manager is not None:  # pyplot would show it again at the end of its cell
            sys.modules["matplotlib.pyplot"].close(value)
    else:
        output.text(f"{value}\n")


current_output: ContextVar[Output | None] = ContextVar("current_output", default=None)


class RunStream(io.TextIOBase):
    """Stands in for stdout or stderr: text of a run goes to its page, the rest where it always went."""

    def __init__(self, process: TextIO) -> None:
        self._process = process

    def write(self, text: str) -> int:
        """Write to the page of the current run."""
        output = current_output.get()
        if output is None:
            return self._process.write(text)
        output.text(text)
        return len(text)

    def flush(self) -> None:
        """Flush the process's stream."""
        self._process.flush()

    def fileno(self) -> int:
        """Return the process's descriptor, for libraries that want one."""
        return self._process.fileno()


def redirect_streams() -> None:
    """Send what runs print to their pages; everything else goes to stderr, since stdout is for the supervisor."""
    sys.stdout = RunStream(sys.stderr)
    sys.stderr = RunStream(sys.stderr)
