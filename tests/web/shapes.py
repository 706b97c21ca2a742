"""Answers held against the shapes that the OpenAPI document promises."""

from typing import Any

import httpx
import msgspec

from queue_service.web.api.answers.public import ANSWERS


def shaped(operation: str, answer: httpx.Response) -> Any:
    """The answer's content, once it has the status and the shape of its operation."""
    status, kind = ANSWERS[operation]
    assert answer.status_code == status, (operation, answer.text)
    if kind is None:
        assert answer.content == b""
        return None
    msgspec.json.decode(answer.content, type=kind)
    return answer.json()
