"""The pages `/docs` and `/redoc`, which load their scripts from this machine instead of the internet."""

from pathlib import Path

import fastapi_standalone_docs
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_ASSETS = Path(fastapi_standalone_docs.__file__).parent / "static"

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; worker-src blob:; object-src 'none'; frame-ancestors 'none'"
    )
}
"""The browser refuses requests of the pages to any other host."""


def add_docs_pages(app: FastAPI) -> None:
    """Serve both pages and their assets; paths are relative, because a proxy may add a prefix."""

    async def swagger() -> HTMLResponse:
        return _swagger_page(app.title)

    async def redoc() -> HTMLResponse:
        return _redoc_page(app.title)

    app.add_api_route("/docs", swagger, include_in_schema=False)
    app.add_api_route("/redoc", redoc, include_in_schema=False)
    app.mount("/docs/fastapi", StaticFiles(directory=_ASSETS / "fastapi"))
    app.mount("/docs", StaticFiles(directory=_ASSETS / "swagger"))
    app.mount("/redoc", StaticFiles(directory=_ASSETS / "redoc"))


def _swagger_page(title: str) -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=f"{title} API",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/fastapi/favicon.png",
        swagger_ui_parameters={
            "persistAuthorization": True,
            "displayRequestDuration": True,
            "docExpansion": "list",
            "filter": True,
            "tryItOutEnabled": True,
            "validatorUrl": None,
        },
    )
    page.headers.update(_SECURITY_HEADERS)
    return page


def _redoc_page(title: str) -> HTMLResponse:
    page = get_redoc_html(
        openapi_url="openapi.json",
        title=f"{title} API",
        redoc_js_url="redoc/redoc.standalone.js",
        redoc_favicon_url="docs/fastapi/favicon.png",
        with_google_fonts=False,
    )
    page.headers.update(_SECURITY_HEADERS)
    return page
