"""Somebody who asks a server for the same small page again and again, and notes how long it took.

Run as a process of its own: ``python -m bench.knocking PORT SECONDS`` prints one JSON list of
(when asked, seconds until answered) by the machine's monotonic clock.
"""

import socket
import sys
import time

import msgspec

PAUSE_SECONDS = 0.003
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LARGEST = 4_096


def knock(port: int, seconds: float) -> list[tuple[float, float]]:
    """Ask one by one over one connection for so long."""
    found: list[tuple[float, float]] = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.monotonic() + seconds
        while (asked := time.monotonic()) < end:
            line.sendall(REQUEST)
            line.recv(_LARGEST)
            found.append((asked, time.monotonic() - asked))
            time.sleep(PAUSE_SECONDS)
    return found


if __name__ == "__main__":
    print(msgspec.json.encode(knock(int(sys.argv[1]), float(sys.argv[2]))).decode())
