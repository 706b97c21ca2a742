"""Is the process alive, is it ready, and what does it count."""

from datetime import timedelta

from litestar import Response, get
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from queue_service.house import House
from queue_service.store.database import UNANSWERED


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def ready(house: House) -> Response[dict[str, object]]:
    """Database reachable, at least one office followed, views close to the journal's end."""
    reasons: list[str] = []
    try:
        async with house.pool.acquire(timeout=2) as connection:
            await connection.fetchval("select 1", timeout=2)
    except UNANSWERED:
        reasons.append("database")
    offices = house.follower.offices
    if not offices:
        reasons.append("no office loaded: run queue-service load")
    late = [o.key.slug for o in offices.values() if not o.is_fresh(timedelta(seconds=10))]
    if late:
        reasons.append("views behind the journal: " + ", ".join(late[:5]))
    content: dict[str, object] = {"status": "ready" if not reasons else "not ready"}
    content["offices"] = len(offices)
    if reasons:
        content["reasons"] = reasons
    return Response(content, status_code=503 if reasons else 200)


@get("/metrics", include_in_schema=False)
async def metrics() -> Response[bytes]:
    """Counters of this process for Prometheus; numbers only."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


handlers = [live, ready, metrics]
