"""Static files under a folder named after their content: caches never lie."""

import gzip
import hashlib
from importlib import resources

from litestar import Response, get
from litestar.params import FromPath

from display.coding import reads_gzip
from display.feed import lean
from queue_service.web.lean import AnyRequest

_FOLDER = resources.files("queue_service.web") / "static"
_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_FILES = {
    file.name: lean(file.name, file.read_text(encoding="utf-8"))
    if file.name.endswith(".js")
    else file.read_bytes()
    for file in sorted(_FOLDER.iterdir(), key=lambda file: file.name)
    if file.name.rpartition(".")[2] in _TYPES
}
_ZIPPED = {
    name: gzip.compress(content, 9, mtime=0)
    for name, content in _FILES.items()
    if not name.endswith(".woff2")
}
RELEASE = hashlib.sha256(b"\0".join(_FILES.values())).hexdigest()[:12]


def static(name: str) -> str:
    """The address of a static file; raises KeyError for one that does not exist."""
    if name not in _FILES:
        raise KeyError(name)
    return f"/static/{RELEASE}/{name}"


def text(name: str) -> str:
    """A static file as text; raises KeyError for one that does not exist."""
    return _FILES[name].decode()


@get("/static/{release:str}/{name:str}", include_in_schema=False)
async def asset(
    request: AnyRequest, release: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """A static file, for ever: its release stands in the path."""
    content = _FILES.get(name)
    if content is None or release != RELEASE:
        return Response(b"", status_code=404, media_type="text/plain")
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    if name in _ZIPPED and reads_gzip(request.headers.get("accept-encoding", "")):
        content = _ZIPPED[name]
        headers["content-encoding"] = "gzip"
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


handlers = [asset]
