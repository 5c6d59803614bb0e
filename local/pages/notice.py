"""A page for whoever asks, with or without a session: it says nothing of what is behind."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

# No script at all, nothing from elsewhere; frames are our own notebook outputs.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: forms would then be sent with the origin `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def notice(status: int, title: str, message: str, go_on: str = "") -> HTMLResponse:
    """Return a page with one message; with `go_on` the browser goes there by itself."""
    refresh = f'<meta http-equiv="refresh" content="0; url={escape(go_on)}">\n' if go_on else ""
    link = f'<p><a href="{escape(go_on)}">Go on</a></p>' if go_on else ""
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{refresh}<title>{escape(title)} · Local workspace</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body><main class="notice"><h1>{escape(title)}</h1><p>{escape(message)}</p>{link}</main></body>
</html>
"""
    return HTMLResponse(html, status, headers=HEADERS)
