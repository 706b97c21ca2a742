"""Static files under a folder named after their content: caches never lie."""

import hashlib
from importlib import resources

from litestar import Response, get
from litestar.params import FromPath

_FOLDER = resources.files("queue_service.web") / "static"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_FILES = {
    file.name: file.read_bytes()
    for file in sorted(_FOLDER.iterdir(), key=lambda file: file.name)
    if file.name.rpartition(".")[2] in _TYPES
}
RELEASE = hashlib.sha256(b"\0".join(_FILES.values())).hexdigest()[:12]


def static(name: str) -> str:
    """The address of a static file; raises KeyError for one that does not exist."""
    if name not in _FILES:
        raise KeyError(name)
    return f"/static/{RELEASE}/{name}"


@get("/static/{release:str}/{name:str}", include_in_schema=False)
async def asset(release: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A static file, for ever: its release stands in the path."""
    content = _FILES.get(name)
    if content is None or release != RELEASE:
        return Response(b"", status_code=404, media_type="text/plain")
    return Response(
        content,
        media_type=_TYPES[name.rpartition(".")[2]],
        headers={"cache-control": "public, max-age=31536000, immutable"},
    )


handlers = [asset]
