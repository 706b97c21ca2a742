"""Files of the demo's folder: written whole or not at all, readable by their owner alone."""

from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Replace `file` by `content`; raises OSError and leaves the old one when that fails."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(file)
