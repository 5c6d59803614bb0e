"""Logging in with a one-time code, and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from local.pages.door import CODE_SECONDS, SESSION_SECONDS, Door, cookie_name
from local.pages.link import CODES_PATH
from local.pages.notice import notice
from local.pages.page import ASSETS

_ASSETS = {"style.css": "text/css", "icon.svg": "image/svg+xml"}


def routes(door: Door, base_url: str) -> list[Route]:
    """Codes for who has the token; in with a code; out; stylesheet and icon."""

    async def mint(_: Request) -> Response:
        answer = {"url": f"{base_url}/login?code={door.mint()}", "expires_in_seconds": int(CODE_SECONDS)}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def login(request: Request) -> Response:
        session = door.enter(request.query_params.get("code", ""))
        if session is None:
            message = "This link was used already or is older than five minutes. Ask for a new one where you got it."
            return notice(403, "This link does not open any more", message)
        # Not a redirect: a browser that came from elsewhere would follow it without its SameSite=Strict cookie.
        response = notice(200, "Logged in", "The home page comes next.", go_on="/")
        name, secure = cookie_name(request.headers.get("host", "")), request.url.scheme == "https"
        response.set_cookie(
            name, session, max_age=int(SESSION_SECONDS), httponly=True, samesite="strict", secure=secure, path="/"
        )
        return response

    async def logout(request: Request) -> Response:
        name = cookie_name(request.headers.get("host", ""))
        door.leave(request.cookies.get(name, ""))
        response = notice(200, "Logged out", "A new one-time link lets you in again.")
        response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return response

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return notice(404, "Not Found", f"There is no {name} here.")
        return FileResponse(ASSETS / name, media_type=_ASSETS[name], headers={"X-Content-Type-Options": "nosniff"})

    return [
        Route(CODES_PATH, mint, methods=["POST"]),
        Route("/login", login, methods=["GET"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/assets/{name:path}", asset, methods=["GET"]),
    ]
