"""The round trip through a real doccano server, started by ``configs/doccano/serve.py`` for these tests alone.

The first run installs the server into ``.venv-doccano`` (about a minute); UNMET_SKIP_DOCCANO=1 skips them.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from typer.testing import CliRunner
from unmet.corpus.commands import app
from unmet.corpus.rows import Row, read_rows, write_rows

if TYPE_CHECKING:
    from click.testing import Result
    from unmet.corpus.doccano import DoccanoServer

pytestmark = pytest.mark.skipif(bool(os.environ.get("UNMET_SKIP_DOCCANO")), reason="UNMET_SKIP_DOCCANO is set")

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "annotations" / "project.jsonl"
# Plain text, PDF and DOCX; requests of both outcomes, an inherited denial among them.
LETTERS = ["acupuncture-4.txt", "sample-early-2014.pdf", "sample-partial-approval.docx"]
INSTALL_SECONDS = 900


@dataclass
class Running:
    """A server, its user and the process that keeps it."""

    url: str
    process: subprocess.Popen[str]
    user: str
    password: str = field(repr=False)

    def login(self) -> DoccanoServer:
        from unmet.corpus.doccano import DoccanoServer

        return DoccanoServer(self.url, self.user, self.password)

    def client(self) -> Any:
        """A client as another user's browser would act."""
        from doccano_client import DoccanoClient

        client = DoccanoClient(self.url)
        client.login(self.user, self.password)
        return client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("doccano")
    user, password = "annotator", secrets.token_urlsafe(12)
    process = subprocess.Popen(
        [sys.executable, ROOT / "configs" / "doccano" / "serve.py", "--port", "0", "--data", data],
        env=os.environ | {"UNMET_DOCCANO_USER": user, "UNMET_DOCCANO_PASSWORD": password},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], INSTALL_SECONDS)
        line = process.stdout.readline() if ready else ""
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        if address is None:
            log = data / "server.log"
            pytest.fail(f"doccano did not start; {log.read_text()[-2000:] if log.exists() else 'it has no log'}")
        yield Running(address[0], process, user, password)
        written = (data / "server.log").read_text()
        assert password not in written
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def run(server: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``unmet corpus doccano`` against the server."""
    monkeypatch.setenv("UNMET_DOCCANO_URL", server.url)
    monkeypatch.setenv("UNMET_DOCCANO_USER", server.user)
    monkeypatch.setenv("UNMET_DOCCANO_PASSWORD", server.password)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return lambda *words: CliRunner().invoke(app, ["doccano", *(str(word) for word in words)])


@pytest.fixture
def pushed(request: pytest.FixtureRequest, run: Callable[..., Result], samples: Path) -> str:
    """A project of the test's own that holds the three letters with their rows."""
    project = request.node.name
    result = run("push", "--project", project, "--rows", ROWS, *(samples / name for name in LETTERS))
    assert result.exit_code == 0, result.output
    return str(project)


def wanted() -> list[Row]:
    letters = {Path(name).stem for name in LETTERS}
    return [row for row in read_rows(ROWS) if row.letter in letters]


def assert_one_line(result: Result, words: str) -> None:
    assert result.exit_code == 1, result.output
    assert words in result.output
    assert result.output.startswith("unmet: ")
    assert result.output.count("\n") == 1


def project_of(client: Any, name: str) -> Any:
    return next(project for project in client.list_projects() if project.name == name)


def example_of(client: Any, project: Any, letter: str) -> Any:
    return next(one for one in client.list_examples(project.id) if one.meta["doc_id"] == letter)


def test_doccano_rows_come_back_exactly(run: Callable[..., Result], pushed: str, tmp_path: Path) -> None:
    output = tmp_path / "pulled.jsonl"
    result = run("pull", "--project", pushed, "-o", output)
    assert result.exit_code == 0, result.output
    expected = tmp_path / "expected.jsonl"
    write_rows(expected, wanted())
    assert output.read_bytes() == expected.read_bytes()


def test_doccano_pre_annotates_with_the_pipeline(run: Callable[..., Result], samples: Path, tmp_path: Path) -> None:
    from unmet.corpus.attach import CollapsedText
    from unmet.corpus.from_record import row_of
    from unmet.ingest import read_letter
    from unmet.reading import determine

    path, output = samples / "sample-multi-request.md", tmp_path / "pulled.jsonl"
    assert run("push", "--project", "silver", path).exit_code == 0
    assert run("pull", "--project", "silver", "-o", output).exit_code == 0
    letter = read_letter(path)
    expected = tmp_path / "expected.jsonl"
    write_rows(expected, [row_of(determine(letter), path.stem, CollapsedText.of(letter.source_text))])
    assert read_rows(output) == read_rows(expected)


def test_doccano_changes_on_the_server_arrive(server: Running, run: Callable[..., Result], pushed: str, tmp_path: Path) -> None:
    client = server.client()
    project = project_of(client, pushed)
    example = example_of(client, project, "acupuncture-4")
    client.create_span(project.id, example.id, 0, 10, "PROCEDURE:possible")
    client.update_example_state(project.id, example.id)
    output = tmp_path / "pulled.jsonl"
    write_rows(output, [msgspec.structs.replace(wanted()[0], letter="another")])
    result = run("pull", "--project", pushed, "-o", output, "--finished", "--reader", "A. Reader")
    assert result.exit_code == 0, result.output
    (row, other) = read_rows(output)
    assert other.letter == "another"
    assert (row.letter, row.quality, row.readers) == ("acupuncture-4", "gold", ["A. Reader"])
    (new,) = (one for one in row.mentions if one.start == 0)
    assert (new.label, new.assertion, new.end) == ("PROCEDURE", "possible", 10)
    assert [one for one in row.mentions if one != new] == wanted()[0].mentions


def test_doccano_refuses_a_letter_twice(run: Callable[..., Result], pushed: str, samples: Path, tmp_path: Path) -> None:
    result = run("push", "--project", pushed, "--rows", ROWS, samples / "acupuncture-4.txt", samples / "fusion-6.md")
    assert_one_line(result, "acupuncture-4: is in the project")
    output = tmp_path / "pulled.jsonl"
    assert run("pull", "--project", pushed, "-o", output).exit_code == 0
    assert read_rows(output) == wanted()


def test_doccano_wrong_password(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNMET_DOCCANO_PASSWORD", "wrong-and-secret")
    result = run("pull", "--project", "any", "-o", tmp_path / "pulled.jsonl")
    assert_one_line(result, "refuses the login")
    assert "wrong-and-secret" not in result.output
    assert not list(tmp_path.iterdir())


def test_doccano_without_credentials(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UNMET_DOCCANO_PASSWORD")
    assert_one_line(run("pull", "--project", "any", "-o", tmp_path / "pulled.jsonl"), "UNMET_DOCCANO_PASSWORD")


def test_doccano_server_down(run: Callable[..., Result], tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = run("pull", "--server", url, "--project", "any", "-o", tmp_path / "pulled.jsonl")
    assert_one_line(result, "cannot be reached")
    assert not list(tmp_path.iterdir())


def test_doccano_expired_login(server: Running, pushed: str) -> None:
    from unmet.corpus.doccano import DoccanoError

    session = server.login()
    session.logout()
    with pytest.raises(DoccanoError, match="login has expired"):
        session.pull(pushed)


@pytest.mark.parametrize("kind", ["span", "relation"])
def test_doccano_label_deleted_on_the_server(
    server: Running, run: Callable[..., Result], pushed: str, samples: Path, tmp_path: Path, kind: str
) -> None:
    label = {"span": "VOICE:reviewer", "relation": "evidence"}[kind]
    client = server.client()
    project = project_of(client, pushed)
    types = client.span_type if kind == "span" else client.relation_type
    types.delete(project.id, next(one.id for one in types.list(project.id) if one.text == label))
    output = tmp_path / "pulled.jsonl"
    write_rows(output, wanted()[:1])
    before = output.read_bytes()
    assert_one_line(run("pull", "--project", pushed, "-o", output), f"the {kind} label '{label}' was deleted")
    assert output.read_bytes() == before
    assert_one_line(run("push", "--project", pushed, "--rows", ROWS, samples / "fusion-6.md"), label)
    assert client.example.count(project.id) == len(LETTERS)


def test_doccano_label_added_on_the_server(server: Running, run: Callable[..., Result], pushed: str, tmp_path: Path) -> None:
    client = server.client()
    client.span_type.create(project_of(client, pushed).id, "MEDICATON:present")
    assert_one_line(
        run("pull", "--project", pushed, "-o", tmp_path / "pulled.jsonl"), "'MEDICATON:present' is not in the label set"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", ["use_relation", "allow_overlapping", "collaborative_annotation"])
def test_doccano_setting_changed_on_the_server(
    server: Running, run: Callable[..., Result], pushed: str, tmp_path: Path, setting: str
) -> None:
    client = server.client()
    client.update_project(project_of(client, pushed).id, **{setting: False})
    assert_one_line(run("pull", "--project", pushed, "-o", tmp_path / "pulled.jsonl"), f"{setting} must be on")


def test_doccano_failed_push_leaves_nothing(
    server: Running, run: Callable[..., Result], pushed: str, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unmet.corpus.doccano import DoccanoError, DoccanoServer

    def fails(*_: object) -> None:
        raise DoccanoError("did not arrive")

    monkeypatch.setattr(DoccanoServer, "_compare", fails)
    for project in (pushed, "never"):
        assert_one_line(run("push", "--project", project, "--rows", ROWS, samples / "fusion-6.md"), "did not arrive")
    client = server.client()
    assert "never" not in [project.name for project in client.list_projects()]
    letters = [example.meta["doc_id"] for example in client.list_examples(project_of(client, pushed).id)]
    assert sorted(letters) == [row.letter for row in wanted()]


def test_doccano_reports_lines_the_server_refuses(server: Running, pushed: str) -> None:
    from unmet.corpus.doccano import DoccanoError
    from unmet.corpus.doccano_format import Example

    session = server.login()
    project = session._find(pushed)
    empty = Example(text="", doc_id="empty-one", unmet="", entities=[], relations=[])
    with pytest.raises(DoccanoError, match="empty-one: was refused by the server"):
        session._import(project, [empty])


def test_doccano_server_stops_during_a_session(server: Running, pushed: str) -> None:
    """The last test: it ends the server, and with it everything that the script started."""
    from unmet.corpus.doccano import DoccanoError

    session = server.login()
    server.process.terminate()
    server.process.wait(30)
    with pytest.raises(DoccanoError, match="cannot be reached"):
        session.pull(pushed)
    port = int(server.url.rpartition(":")[2])
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail("something still listens on the server's port")
