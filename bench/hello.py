"""The yardstick: the least a Litestar application can do. Its source stays fixed."""

from litestar import Litestar, get


@get("/")
async def hello() -> dict[str, str]:
    """Greet the world."""
    return {"hello": "world"}


app = Litestar([hello])
