"""What the handlers share: the readers, the letters dropped, the results, and the file that keeps letters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from unmet.batch.worker_process import WorkerStartError
from unmet.record import Determination
from unmet.results.errors import ResultsError
from unmet.serve.keeping import Keeper
from unmet.serve.pool import Pool
from unmet.serve.uploads import Uploads

if TYPE_CHECKING:
    from unmet.serve.intake import Letter
    from unmet.serve.settings import ServeSettings
    from unmet.serve.store import Store


class Service:
    """One running explorer."""

    def __init__(self, settings: ServeSettings, store: Store | None) -> None:
        """Raises :class:`~unmet.results.errors.ResultsError` where letters cannot be kept in the file that was named."""
        self.settings = settings
        self.store = store
        self.keeper = Keeper(settings.keep_in) if settings.keep_in else None
        self.pool = Pool(settings.workers, model=settings.model, max_seconds=settings.max_seconds)
        self.uploads = Uploads()

    async def read(self, letter: Letter) -> tuple[bytes, str | None]:
        """Read a letter, and keep its record where that was asked for; return the record with its text, or why there is none.

        Raises :class:`~unmet.serve.pool.BusyError`.
        """
        try:
            outcome = await self.pool.read(letter.name, letter.data)
            if outcome.state == "read" and self.keeper:
                await asyncio.to_thread(self.keeper.add, outcome.sha256 or "", outcome.record)
        except (WorkerStartError, ResultsError) as error:
            return b"", str(error)
        return outcome.record, outcome.reason

    async def record(self, letter_id: str) -> bytes | None:
        """Return a whole record of the results, as JSON; None where there is none."""
        return await self.store.ask(self.store.record(letter_id)) if self.store else None

    def close(self) -> None:
        """End what runs."""
        self.pool.close()
        if self.store:
            self.store.close()


def without_text(record: bytes) -> bytes:
    """Return a record as ``unmet read`` prints it when its text is not asked for."""
    determination = Determination.from_json(record)
    determination.text = None
    return determination.to_json()
