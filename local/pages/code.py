"""Source text for reading: highlighted code, rendered Markdown; both escape what they are given."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

_LIMIT = 300_000  # beyond it colour costs seconds


def coloured(text: str, language: str = "", name: str = "") -> Markup:
    """Return code as escaped HTML with a class per token; the language is given or told by the file name."""
    try:
        # An empty line at the start or the end is part of a file.
        lexer = (
            get_lexer_by_name(language.lower(), stripnl=False)
            if language
            else get_lexer_for_filename(name, stripnl=False)
        )
    except ClassNotFound:
        return Markup("{}").format(text)
    if len(text) > _LIMIT:
        return Markup("{}").format(text)
    return Markup(highlight(text, lexer, HtmlFormatter(nowrap=True)))  # noqa: S704 — Pygments escapes


def markdown(text: str, top: int) -> Markup:
    """Return Markdown as HTML whose highest heading is `h<top>`, so that it fits below those of its page.

    HTML inside it stays text, and links to scripts stay text too.
    """
    reader = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False}).disable("image")
    tokens = reader.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1:]) for token in headings), default=top)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1:]) - highest + top)}"
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704 — html is off
