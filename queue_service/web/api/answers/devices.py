"""What the API answers about devices, as types for the OpenAPI document."""

import msgspec

from queue_service.flows.access.devices import Enrolled, Invited
from queue_service.flows.access.heartbeats import DeviceShown, Heard


class Devices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The devices of an office."""

    office: str
    devices: tuple[DeviceShown, ...]


DEVICE_ANSWERS: dict[str, tuple[int, type[msgspec.Struct] | None]] = {
    "POST /devices/enrol": (201, Enrolled),
    "POST /devices/heartbeat": (200, Heard),
    "GET /offices/{office}/devices": (200, Devices),
    "POST /offices/{office}/devices": (201, Invited),
    "DELETE /offices/{office}/devices/{device}": (204, None),
}
"""As `answers.ANSWERS`."""
