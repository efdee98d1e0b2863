"""An explorer over a small file of results: in this process for most tests, as ``unmet serve`` for a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from serving import Served

pytest.importorskip("litestar")
pytest.importorskip("duckdb")

from litestar.testing import TestClient
from unmet.batch.jobs import Outcome
from unmet.reading import read
from unmet.results.read import open_store
from unmet.results.write import write_results
from unmet.serve.app import create_app
from unmet.serve.service import Service
from unmet.serve.settings import ServeSettings
from unmet.serve.store import Store

# Letters of the project with opposite outcomes among them.
LETTERS = (
    "sample-multi-request.md",
    "sample-overturned.html",
    "sample-early-2014.pdf",
    "sample-partial-approval.docx",
    "sample-2013-notice.txt",
    "mixed-09.txt",
    "surgery-11.txt",
)

Client = TestClient[object]
Start = Callable[..., Client]


@pytest.fixture(scope="session")
def results(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results with the letters' text."""
    path = tmp_path_factory.mktemp("results") / "results.jsonl"
    write_results((read(samples / name, with_text=True).to_json() for name in LETTERS), (), path)
    return path


@pytest.fixture(scope="session")
def bare_results(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results without text."""
    path = tmp_path_factory.mktemp("results") / "bare.jsonl"
    write_results((read(samples / name).to_json() for name in LETTERS), (), path)
    return path


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start an application in this process, over a file of results or none; ``answers`` stands in for the reading processes."""
    with ExitStack() as started:

        def begin(
            results: Path | None = None,
            *,
            base: str = "http://127.0.0.1:8350",
            answers: Callable[..., Outcome] | None = None,
            **settings: object,
        ) -> Client:
            store = Store(results.name, started.enter_context(open_store(results))) if results else None
            service = Service(ServeSettings(**settings), store)  # type: ignore[arg-type]
            monkeypatch.setattr(service.pool, "warm", lambda: None)
            if answers:

                async def read(name: str, data: bytes) -> Outcome:
                    return answers(name, data)

                monkeypatch.setattr(service.pool, "read", read)
            return started.enter_context(TestClient(create_app(service), base_url=base))

        yield begin


@pytest.fixture(scope="module")
def reader(results: Path) -> Iterator[Client]:
    """An application with real reading processes, over results."""
    with open_store(results) as connection:
        service = Service(ServeSettings(workers=2), Store("results.jsonl", connection))
        with TestClient(create_app(service), base_url="http://127.0.0.1:8350") as client:
            yield client


@pytest.fixture(scope="session")
def read_sample(samples: Path) -> Callable[..., Outcome]:
    """Stands in for a reading process: every letter is the first sample."""
    record = read(samples / LETTERS[0], with_text=True).to_json()
    return lambda name, data: Outcome(name, "0" * 64, "read", record)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start servers that are ended with the test."""
    servers: list[Served] = []

    def begin(*arguments: str, **environment: str) -> Served:
        servers.append(Served(*arguments, **environment))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()
