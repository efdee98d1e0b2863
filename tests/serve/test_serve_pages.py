"""What a user sees: letters dropped, found, opened and compared, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

import msgspec
import pytest
from unmet.batch.jobs import Outcome
from unmet.reading import read
from unmet.results.read import read_results
from unmet.results.write import write_results
from unmet.serve.pool import BusyError
from unmet.serve.reassembly import reassembled
from unmet.serve.uploads import MOST, Uploads

HTML = {"Accept": "text/html"}
SCRIPT = "<script>alert(1)</script>"


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_pages_drop_a_letter_and_see_it(start: Callable, read_sample: Callable[..., Outcome]) -> None:
    client = start(answers=read_sample)
    seen = client.post("/letters", files={"letter": ("mine.md", b"text")}, headers=HTML)
    assert seen.status_code == 200
    assert seen.url.path.startswith("/read/")
    assert "CM99-0000002" in words_of(seen.text)
    assert 'id="findings"' in seen.text


def test_pages_drop_several_and_each_is_told(start: Callable, read_sample: Callable[..., Outcome]) -> None:
    def answers(name: str, data: bytes) -> Outcome:
        return read_sample(name, data) if b"good" in data else Outcome(name, None, "failed", reason="is empty")

    files = [("letter", ("a.md", b"good")), ("letter", ("b.pdf", b"bad"))]
    seen = words_of(start(answers=answers).post("/letters", files=files, headers=HTML).text)
    assert "4 requests, 4 denied" in seen
    assert "b.pdf could not be read: is empty" in seen


def test_pages_script_gets_one_line_for_one_letter(start: Callable, read_sample: Callable[..., Outcome]) -> None:
    client = start(answers=read_sample)
    told = client.post("/letters", files={"letter": ("a.md", b"good")}, headers={"Accept": "application/json"}).json()
    assert (told["name"], told["case_number"], told["requests"], told["error"]) == ("a.md", "CM99-0000002", 4, None)
    assert client.get(told["url"]).status_code == 200
    assert "record" not in told


def test_pages_letter_can_be_saved(start: Callable, read_sample: Callable[..., Outcome], samples: Path) -> None:
    client = start(answers=read_sample)
    told = client.post("/letters", files={"letter": ("a.md", b"good")}, headers={"Accept": "application/json"}).json()
    saved = client.get(f"{told['url']}/record.json")
    assert "attachment" in saved.headers["content-disposition"]
    assert saved.content == read(samples / "sample-multi-request.md").to_json() + b"\n"
    page = client.get(f"{told['url']}/letter.html")
    assert "attachment" in page.headers["content-disposition"]
    assert "Content-Security-Policy" in page.text
    assert client.get(f"{told['url']}/other").status_code == 404


def test_pages_nothing_dropped_is_told_in_one_line(start: Callable) -> None:
    client = start()
    assert "no letter was sent" in words_of(client.post("/letters", files={"letter": ("", b"")}, headers=HTML).text)
    assert client.post("/letters", files={"other": (None, b"x")}, headers=HTML).status_code == 400
    assert "not in memory any more" in words_of(client.get("/read/unknown", headers=HTML).text)


def test_pages_too_busy_is_told_with_when_to_come_again(start: Callable) -> None:
    def busy(name: str, data: bytes) -> Outcome:
        raise BusyError

    client = start(answers=busy)
    for path, headers in (("/letters", {"Accept": "application/json"}), ("/api/read", {})):
        answer = client.post(path, files={"letter": ("a.txt", b"x")}, headers=headers)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    files = [("letter", ("a.txt", b"x")), ("letter", ("b.txt", b"x"))]
    assert "a.txt could not be read: too many letters" in words_of(client.post("/letters", files=files, headers=HTML).text)


def test_pages_hostile_words_are_only_words(start: Callable, samples: Path, tmp_path: Path) -> None:
    """In the letter, its file name, its header, and what is searched for."""
    hostile = read(samples / "sample-multi-request.md", with_text=True)
    hostile.text = SCRIPT + (hostile.text or "")[len(SCRIPT) :]
    hostile.case.case_number = f"CM {SCRIPT}"
    hostile.source.path = f"{SCRIPT}.txt"
    hostile.reviewer.specialties = [SCRIPT]
    request = hostile.requests[0]
    request.item.text = request.title.text = SCRIPT
    for criterion in request.criteria:
        for span in criterion.evidence:
            span.text = SCRIPT
    path = tmp_path / "hostile.jsonl"
    write_results([hostile.to_json()], (), path)
    client = start(path, answers=lambda name, data: Outcome(name, "", "read", hostile.to_json()))
    shown = [
        client.post("/letters", files={"letter": (SCRIPT, b"x")}, headers=HTML),
        client.get("/letters"),
        client.get("/letters", params={"words": "script alert"}),
        client.get("/letters", params={"words": SCRIPT, "guideline": '"><script>'}),
        client.get("/letters", params={"family": SCRIPT}),
        client.get(f"/letters/{hostile.source.sha256}"),
        client.get(f"/letters/{hostile.source.sha256}?back={SCRIPT}"),
        client.get("/consistency", params={"family": hostile.requests[0].family, "criterion": request.criteria[0].type}),
        client.get(f"/{SCRIPT}", headers=HTML),
    ]
    for page in shown:
        assert page.headers["content-type"].startswith("text/html")
        assert not re.search(r"<script>(?!</script>)|<script(?! src=\"/static/)", page.text), page.url
    assert escape(SCRIPT) in shown[5].text


def test_pages_search_says_what_fits(start: Callable, results: Path) -> None:
    client = start(results)
    everything = words_of(client.get("/letters").text)
    assert "7 letters" in everything
    found = client.get("/letters", params={"words": "physical", "status": "unmet", "family": ""})
    assert "<mark>physical</mark>" in found.text.lower()
    assert "Nothing fits" in client.get("/letters", params={"words": "zebra"}).text
    for wrong in ({"status": "x"}, {"from": "yesterday"}, {"family": "x"}, {"words": "a " * 50}):
        answer = client.get("/letters", params=wrong)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text


def test_pages_search_without_results_says_how_to_have_some(start: Callable) -> None:
    client = start()
    for path in ("/", "/letters", "/consistency"):
        assert "unmet serve results.duckdb" in words_of(client.get(path).text)
    assert client.get("/api/letters").status_code == 404


def test_pages_found_letter_opens_with_its_text(start: Callable, results: Path) -> None:
    client = start(results)
    page = client.get("/letters", params={"words": "Norco"}).text
    address = re.search(r'href="(/letters/[0-9a-f]{64}[^"]*)"', page)
    assert address is not None
    letter = client.get(address[1].replace("&amp;", "&"))
    assert "HOW THE IMR FINAL DETERMINATION WAS MADE" in letter.text
    assert "--with-text" not in letter.text
    assert 'href="/letters?words=Norco&amp;sort=newest&amp;page=1"' in letter.text


def test_pages_found_letter_without_text_shows_what_there_is(start: Callable, bare_results: Path) -> None:
    one = next(iter(read_results(bare_results)))
    letter = start(bare_results).get(f"/letters/{one.source.sha256}")
    assert "--with-text" in letter.text
    for request in one.requests:
        for criterion in request.criteria:
            for span in criterion.evidence:
                assert escape(" ".join(span.text.split()), quote=False)[:30] in letter.text.replace("&#39;", "'").replace(
                    "&#34;", '"'
                )
    assert start(bare_results).get(f"/letters/{one.source.sha256}/letter.html").status_code == 404


@pytest.mark.parametrize("name", ["sample-multi-request.md", "sample-early-2014.pdf", "sample-partial-approval.docx"])
def test_pages_reassembled_letter_has_every_span_at_its_place(samples: Path, name: str) -> None:
    whole = read(samples / name, with_text=True)
    bare = msgspec.structs.replace(whole, text=None)
    text = reassembled(bare)
    assert len(text) == len(whole.text or "")
    for span in [*whole.sentences, *whole.sections, *(mention.span for mention in whole.mentions)]:
        assert text[span.start : span.end] == span.text


def test_pages_reassembled_letter_withstands_wrong_offsets(samples: Path) -> None:
    broken = read(samples / "sample-multi-request.md")
    broken.sentences[0].start = -5
    broken.sentences[1].end = 10**9
    broken.sections[0].text = "too short"
    assert len(reassembled(broken)) == broken.source.characters


def test_uploads_the_oldest_are_forgotten() -> None:
    uploads = Uploads()
    first = uploads.add("a.txt", error="is empty")
    for _ in range(MOST):
        last = uploads.add("b.txt", error="is empty")
    assert uploads.get(first.id) is None
    assert uploads.get(last.id) == last
    assert len(last.id) > 20
