"""How the explorer is run, and the limits it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from unmet.errors import UnmetError
from unmet.ingest.read import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

# One letter, one request (a form may bring several letters), and all that is being received or read at a time.
MAX_LETTER_BYTES: Final = MAX_BYTES
MAX_REQUEST_BYTES: Final = 2 * MAX_BYTES
MAX_BYTES_UNDER_WAY: Final = 8 * MAX_BYTES
MAX_FILES: Final = 50
# Letters that wait or are read, and seconds in which a request must have arrived.
MAX_LETTERS_UNDER_WAY: Final = 64
RECEIVE_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5
# What a form that is not an upload may bring.
MAX_FORM_BYTES: Final = 16_384


class ServeError(UnmetError):
    """The explorer cannot be started; the text is one line."""


class ServeSettings(NamedTuple):
    """What ``unmet serve`` was asked for. ``token`` is None where none is needed, and shown where it was made for this run;
    ``names`` are more host names to answer to.
    """

    host: str = "127.0.0.1"
    token: str | None = None
    show_token: bool = False
    names: tuple[str, ...] = ()
    secure: bool = False
    workers: int = 1
    model: str | None = None
    max_seconds: float = 60
    keep_in: Path | None = None
