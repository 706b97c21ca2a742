"""Fresh randomness, drawn from the system in blocks.

A system call for each id of a crowd lets go of the interpreter lock each time, and to get it back
from the server's own threads costs more than a decision does.
"""

import os
from uuid import UUID

_BLOCK_BYTES = 4096


class Block:
    """Bytes drawn ahead; each is handed out once."""

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next so many bytes, at most a block."""
        end = self._at + count
        if end > len(self._bytes):
            self._bytes, end = os.urandom(_BLOCK_BYTES), count
        self._at = end
        return self._bytes[end - count : end]

    def forget(self) -> None:
        """Draw anew: a child process must not hand out what its parent does."""
        self._bytes = b""


_block = Block()
os.register_at_fork(after_in_child=_block.forget)
fresh_bytes = _block.take


def fresh_id() -> UUID:
    """A random UUID, version 4."""
    return UUID(bytes=fresh_bytes(16), version=4)
