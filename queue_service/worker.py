"""A worker process: reads scenes from its parent and answers with outlooks, until there is no more.

Imports pure modules only, works at a lower priority than the server, and ends with the pipe to its
parent, however that one ended. `workers` is the other side.
"""

import os
import signal
import struct
import sys
from random import Random
from typing import BinaryIO

import msgspec

from queue_service.rehearsal.outlook import Scene, look

NICER_BY = 10
"""Above the server's niceness: whoever asks over HTTP goes first."""
HEADER = struct.Struct(">I")
"""Length of the message that follows."""
_scene = msgspec.msgpack.Decoder(Scene)
_encode = msgspec.msgpack.Encoder().encode


def main() -> None:
    """Answer until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, and so this process
    os.nice(NICER_BY)
    _serve(sys.stdin.buffer, sys.stdout.buffer)


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    while header := asked.read(HEADER.size):
        scene = _scene.decode(asked.read(HEADER.unpack(header)[0]))
        # The seed is the scene's own: every process of an office draws the same days.
        answer = _encode(look(scene, Random(scene.seed)))  # noqa: S311 - a simulation, no secret
        try:
            answers.write(HEADER.pack(len(answer)) + answer)
            answers.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
