"""``unmet serve`` as a process: started, asked by many at once, given the worst letters, and stopped."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from serving import Served
from unmet.reading import read

CLI = [sys.executable, "-m", "unmet.cli"]
PATIENCE = 300.0


@pytest.fixture(scope="module")
def server(results: Path) -> Iterator[Served]:
    """One that serves results; its readers have time enough for the slowest machine."""
    served = Served(str(results))
    yield served
    served.stop()


def post(server: Served, data: bytes, name: str = "letter.txt", **options: object) -> httpx.Response:
    return httpx.post(f"{server.url}/api/read", params={"name": name}, content=data, timeout=PATIENCE, **options)  # type: ignore[arg-type]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, "serve", *arguments], capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(
    "name", ["sample-multi-request.md", "sample-early-2014.pdf", "sample-partial-approval.docx", "sample-overturned.html"]
)
def test_server_reads_as_the_command_line_does(server: Served, samples: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, as the body and as a file of a form, with text and without."""
    monkeypatch.chdir(samples)
    data = (samples / name).read_bytes()
    printed = subprocess.run([*CLI, "read", "--format", "jsonl", name], capture_output=True, check=True, timeout=PATIENCE).stdout
    assert post(server, data, name).content == printed
    sent = httpx.post(f"{server.url}/api/read", files={"letter": (name, data)}, timeout=PATIENCE)
    assert sent.content == printed
    assert sent.headers["content-type"] == "application/json"
    with_text = httpx.post(f"{server.url}/api/read?with_text=true", files={"letter": (name, data)}, timeout=PATIENCE)
    assert with_text.content == read(name, with_text=True).to_json() + b"\n"


def test_server_thirty_letters_at_once(server: Served, samples: Path) -> None:
    data = (samples / "sample-multi-request.md").read_bytes()
    with ThreadPoolExecutor(30) as senders:
        answers = list(senders.map(lambda place: post(server, data, f"{place}.md"), range(30)))
    assert [answer.status_code for answer in answers] == [200] * 30
    assert [answer.json()["source"]["path"] for answer in answers] == [f"{place}.md" for place in range(30)]


def test_server_full_queue_says_when_to_come_again(server: Served, samples: Path) -> None:
    data = (samples / "sample-multi-request.md").read_bytes()
    with ThreadPoolExecutor(150) as senders:
        answers = list(senders.map(lambda place: post(server, data), range(150)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
    assert post(server, data).status_code == 200


def test_server_searches_while_it_reads(server: Served, samples: Path) -> None:
    """A letter that takes long keeps no search waiting."""
    slow = b"The patient was seen. " * 40_000
    with ThreadPoolExecutor(4) as senders:
        reading = [senders.submit(post, server, slow) for _ in range(4)]
        started = time.monotonic()
        assert httpx.get(f"{server.url}/api/letters", timeout=PATIENCE).status_code == 200
        searched = time.monotonic() - started
        finished = [one.result() for one in reading]
    assert searched < time.monotonic() - started
    assert all(answer.status_code in (200, 422) for answer in finished)


def test_server_survives_hostile_letters(server: Served, samples: Path) -> None:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    made = io.BytesIO()
    sheets = canvas.Canvas(made)
    for number in range(2000):
        sheets.drawString(72, 720, f"Page {number}: the request is not medically necessary.")
        sheets.showPage()
    sheets.save()
    letters = {
        "long.pdf": made.getvalue(),
        "cut.pdf": (samples / "sample-early-2014.pdf").read_bytes()[:3000],
        "zeros.bin": bytes(1_000_000),
        "not.docx": b"PK\x03\x04" + os.urandom(5000),
        "script.html": b"<html><script>alert(1)</script><img src=x onerror=alert(1)></html>",
        "deep.html": b"<html>" + b"<div>" * 50_000,
        "empty.txt": b" \n",
    }
    for name, data in letters.items():
        answer = post(server, data, name)
        assert answer.status_code in (200, 422), name
        if answer.status_code == 422:
            assert answer.json()["error"].startswith(f"{name}: ")
            assert "\n" not in answer.json()["error"]
    assert post(server, (samples / "sample-multi-request.md").read_bytes()).status_code == 200


def test_server_gives_a_letter_only_its_time(serve: Callable[..., Served]) -> None:
    server = serve("--max-seconds", "0.1", "--workers", "1")
    answer = post(server, b"The patient was seen on 1/1/2016. " * 25_000)
    assert answer.status_code == 422
    assert "took longer than 0.1 seconds" in answer.json()["error"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_server_stops_cleanly(serve: Callable[..., Served], results: Path, tmp_path: Path, how: signal.Signals) -> None:
    """Nothing is left in the temporary folder, no reading process goes on, nothing was logged."""
    server = serve(str(results), TMPDIR=str(tmp_path))
    assert httpx.get(f"{server.url}/letters?words=therapy", timeout=PATIENCE).status_code == 200
    status, said = server.stop(how)
    assert status == 0
    assert list(tmp_path.iterdir()) == []
    assert "therapy" not in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 2


def test_server_elsewhere_makes_a_token_and_warns(serve: Callable[..., Served]) -> None:
    server = serve("--host", "0.0.0.0")
    said = "".join(server.said)
    token = re.search(r"token: (\S+)", said)
    assert token is not None
    assert "unencrypted" in said
    address = f"http://127.0.0.1:{server.port}"
    assert httpx.get(f"{address}/api/letters").status_code == 401
    assert httpx.get(f"{address}/", headers={"Authorization": f"Bearer {token[1]}"}).status_code == 200


def test_server_takes_the_token_that_is_set(serve: Callable[..., Served]) -> None:
    server = serve(UNMET_SERVE_TOKEN="a-token-that-is-long-enough")
    assert "a-token-that-is-long-enough" not in "".join(server.said)
    assert httpx.get(f"{server.url}/api/letters").status_code == 401


def test_server_serves_https(serve: Callable[..., Served], tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    server = serve("--certificate", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
    assert server.url.startswith("https://")
    assert httpx.get(f"{server.url}/api/health", verify=False).status_code == 200


def test_server_wrong_start_is_one_line(tmp_path: Path, serve: Callable[..., Served]) -> None:
    broken = {
        "damaged.jsonl": b'{"schema_version": "1.1", "mod',
        "damaged.duckdb": b"not a database" * 100,
        "damaged.parquet": b"PAR1 not",
        "results.txt": b"",
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
    taken = serve()
    for arguments in (
        *([str(tmp_path / name)] for name in (*broken, "missing.jsonl")),
        ["--host", "no.such.host.invalid"],
        ["--port", str(taken.port)],
        ["--certificate", "x.pem"],
        ["--certificate", str(tmp_path / "no.pem"), "--key", str(tmp_path / "no.pem")],
        ["--store", str(tmp_path / "damaged.jsonl")],
        ["--model", "nowhere"],
    ):
        ended = run(*arguments)
        assert ended.returncode in (1, 2), arguments
        assert len(ended.stderr.strip().splitlines()) == 1, (arguments, ended.stderr)
        assert ended.stderr.startswith("unmet: ")
    assert run(UNMET_SERVE_TOKEN="short").stderr.startswith("unmet: UNMET_SERVE_TOKEN")
