"""What a process is told by its environment; every name starts with ``QUEUE_``."""

import os
from pathlib import Path

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Settings of one process; see docs/operating.md for the variables."""

    database_url: str = ""
    base_url: str = "http://localhost:8000"
    """What stands in letters and QR codes; https makes cookies secure."""
    secret: str = ""
    """Master key, at least 32 characters; every other key is derived from it."""
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: str = "none"
    """none · starttls · tls"""
    mail_from: str = "termine@localhost"
    redis_url: str = ""
    holds_per_minute: int = 120
    """Holds and failed proofs one address may try a minute; 0 = no bound."""
    trusted_proxy: bool = False
    """Take the client's address from X-Forwarded-For."""
    demo_letters: Path | None = None
    """Folder of letters to show; demo only."""
    print_folder: Path | None = None
    """Where the tickets of file printers go; tests and demo."""
    demo_clock: bool = False
    """Allow an office's clock to differ from the real one; refused in production."""
    database_connections: int = 8

    @property
    def secure(self) -> bool:
        """Cookies only over https."""
        return self.base_url.startswith("https://")


class SettingsError(ValueError):
    """A variable of the environment is unusable; the message names it and says what to do."""


def _read(kind: type[object], text: object) -> object:
    """Reads what msgspec does not: a path."""
    if kind is Path:
        return Path(str(text))
    raise TypeError(kind)


def from_environment(environment: dict[str, str] | None = None) -> Settings:
    """Read settings; raises SettingsError naming variable, value and reason."""
    given = os.environ if environment is None else environment
    values: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        name = f"QUEUE_{field.name.upper()}"
        if given.get(name):
            values[field.name] = given[name]
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_read)
    except msgspec.ValidationError as error:
        where = str(error).rpartition("$.")[2].rstrip("`")
        raise SettingsError(
            f"QUEUE_{where.upper()}={values.get(where, '')!r}: {str(error).partition(' - ')[0]}"
        ) from error
    if not settings.database_url:
        raise SettingsError("QUEUE_DATABASE_URL is missing: postgresql://user:password@host/name")
    if len(settings.secret) < 32:
        raise SettingsError("QUEUE_SECRET is missing or shorter than 32 characters")
    return settings
