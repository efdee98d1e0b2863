"""Search and consistency over results, and the same through the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
from serving import awaited
from unmet.results.read import open_store, read_results
from unmet.results.write import write_results
from unmet.serve.consistency import Choice, Comparison, compare, topics
from unmet.serve.search import PER_PAGE, Filters, Found, search, terms
from unmet.serve.store import Store, StoreError


@pytest.fixture(scope="module")
def cursor(results: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_store(results) as connection:
        yield connection


def found(cursor: duckdb.DuckDBPyConnection, **filters: object) -> Found:
    return search(msgspec.convert(filters, Filters, strict=False))(cursor)


def test_search_finds_what_a_reader_of_the_records_finds(cursor: duckdb.DuckDBPyConnection, results: Path) -> None:
    """Each filter against the records themselves."""
    letters = list(read_results(results))
    criteria = [(letter, request, one) for letter in letters for request in letter.requests for one in request.criteria]
    assert found(cursor).letters_total == len(letters)
    for family in {request.family for letter in letters for request in letter.requests}:
        assert found(cursor, family=family).requests_total == sum(
            request.family == family for letter in letters for request in letter.requests
        )
    assert found(cursor, status="unmet", basis="undocumented").criteria_total == sum(
        one.unmet_basis == "undocumented" for *_, one in criteria
    )
    both = found(cursor, decision="overturned", status="met")
    assert both.criteria_total == sum(request.decision == "overturned" and one.status == "met" for _, request, one in criteria)
    assert both.criteria_total > 0
    days = sorted(letter.case.decision_date or "" for letter in letters)
    middle = days[len(days) // 2]
    assert found(cursor, **{"from": middle}).letters_total == sum(day >= middle for day in days)
    assert found(cursor, to=middle).letters_total == sum("" < day <= middle for day in days)


def test_search_words_must_all_fit_the_same_criterion(cursor: duckdb.DuckDBPyConnection) -> None:
    assert found(cursor, words="norco").requests_total == 1
    assert found(cursor, words="NORCO CM99-0000002").requests_total == 1
    assert found(cursor, words="orco").requests_total == 0  # a word begins so
    assert found(cursor, words="norco zebra").letters_total == 0
    assert found(cursor, words='"steroid epidural"').letters_total == 0
    assert found(cursor, words='"epidural steroid"').letters_total >= 1
    assert found(cursor, words="sample-multi-request").letters_total == 1


@pytest.mark.parametrize("words", ["%", "_", "(", "\\", "[a-z]*", "' OR 1=1 --", '"', '""', "\x00", "§", "é"])
def test_search_words_are_no_pattern(cursor: duckdb.DuckDBPyConnection, words: str) -> None:
    assert found(cursor, words=words).letters_total <= 7
    assert found(cursor, guideline=words).letters_total <= 7


def test_search_terms() -> None:
    assert terms('one "two  three" four') == ["one", "two three", "four"]
    assert terms(None) == terms("  ") == terms('""') == []


def test_search_pages_and_order(cursor: duckdb.DuckDBPyConnection, results: Path, tmp_path: Path) -> None:
    letters = [msgspec.structs.replace(one, source=msgspec.structs.replace(one.source)) for one in read_results(results)] * 4
    many = []
    for place, one in enumerate(letters):
        copy = type(one).from_json(one.to_json())
        copy.source.sha256, copy.source.path, copy.case.decision_date = (
            f"{place:064x}",
            f"{place:03}.txt",
            f"2016-01-{place + 1:02}",
        )
        many.append(copy.to_json())
    write_results(many, (), tmp_path / "many.jsonl")
    with open_store(tmp_path / "many.jsonl") as store:
        pages = [search(Filters(), sort="oldest", page=page)(store) for page in (1, 2, 3)]
        assert [len(page.letters) for page in pages] == [PER_PAGE, len(many) - PER_PAGE, len(many) - PER_PAGE]
        seen = [letter.path for page in pages[:2] for letter in page.letters]
        assert seen == sorted(seen)
        newest = search(Filters(), sort="newest")(store)
        assert newest.letters[0].path == max(seen)
        assert pages[2].page == pages[2].pages == 2


def test_search_a_letter_that_stands_twice_is_found_once(results: Path, tmp_path: Path) -> None:
    lines = results.read_bytes().splitlines()
    write_results([*lines, *lines], (), tmp_path / "twice.jsonl")
    with open_store(tmp_path / "twice.jsonl") as store:
        shown = search(Filters())(store)
        assert shown.letters_total == len(shown.letters) == len(lines)
        for letter in shown.letters:
            for request in letter.requests:
                assert len({one.id for one in request.criteria}) == len(request.criteria)


def test_consistency_sides_are_opposite(cursor: duckdb.DuckDBPyConnection) -> None:
    listed = topics(Choice())(cursor)
    assert listed
    assert [min(one.left, one.right) for one in listed] == sorted((min(one.left, one.right) for one in listed), reverse=True)
    for topic in listed:
        shown = compare(Choice(family=topic.family, criterion=topic.criterion))(cursor)
        assert (shown.left.total, shown.right.total) == (topic.left, topic.right)
        assert {one.status for one in shown.left.findings} == {"unmet"}
        assert {one.status for one in shown.right.findings} == {"met"}
        assert all(one.evidence for one in [*shown.left.findings, *shown.right.findings])


def test_consistency_by_decision(cursor: duckdb.DuckDBPyConnection) -> None:
    for topic in topics(Choice(by="decision"))(cursor):
        shown = compare(Choice(family=topic.family, criterion=topic.criterion, by="decision"))(cursor)
        assert {one.decision for one in shown.left.findings} == {"upheld"}
        assert {one.decision for one in shown.right.findings} == {"overturned"}


def copies(results: Path, path: Path, count: int) -> Comparison:
    """Compare in copies of a letter whose first criterion is met, with a word and a specialty of its own, in every other one."""
    one = next(iter(read_results(results)))
    lines = []
    for place in range(count):
        copy = type(one).from_json(one.to_json())
        copy.source.sha256, copy.source.path = f"{place:064x}", f"{place}.txt"
        copy.requests = copy.requests[:1]
        criterion = copy.requests[0].criteria[0]
        copy.requests[0].criteria = [criterion]
        criterion.status, criterion.unmet_basis = ("met", None) if place % 2 else ("unmet", "undocumented")
        criterion.evidence[0].text = "The ledger shows relief." if place % 2 else "There is nothing."
        copy.reviewer.specialties = ["Dentistry"] if place % 2 else ["Podiatry"]
        copy.requests[0].item.text = f"item number{place}"
        lines.append(copy.to_json())
    write_results(lines, (), path)
    request = one.requests[0]
    choice = Choice(family=request.family, criterion=request.criteria[0].type, letter=f"{4:064x}", request=request.index)
    with open_store(path) as store:
        return compare(choice)(store)


def test_consistency_tells_the_sides_apart(results: Path, tmp_path: Path) -> None:
    shown = copies(results, tmp_path / "many.jsonl", 24)
    apart = {(one.about, one.value): (one.left, one.left_of, one.right, one.right_of) for one in shown.differences}
    assert apart["words", "ledger"] == (0, 12, 12, 12)
    assert apart["specialty", "Podiatry"] == (12, 12, 0, 12)
    assert not any(about == "guideline" for about, _ in apart)  # the same on both sides
    assert shown.left.findings[0].letter_id == f"{4:064x}"


def test_consistency_few_findings_tell_nothing(results: Path, tmp_path: Path) -> None:
    assert copies(results, tmp_path / "few.jsonl", 8).differences == []


def test_api_answers_as_the_search_does(start: Callable, results: Path, cursor: duckdb.DuckDBPyConnection) -> None:
    client = start(results)
    shown = client.get("/api/letters", params={"status": "unmet", "sort": "file"})
    assert shown.content == msgspec.json.encode(search(Filters(status="unmet"), sort="file")(cursor))
    one = shown.json()["letters"][0]["letter_id"]
    record = client.get(f"/api/letters/{one}").content
    assert record.strip() in results.read_bytes().splitlines()
    assert client.get("/api/letters/nothing").status_code == 404
    listed = client.get("/api/consistency").json()
    compared = client.get("/api/consistency", params={"family": listed[0]["family"], "criterion": listed[0]["criterion"]}).json()
    assert compared["left"]["total"] == listed[0]["left"]


@pytest.mark.parametrize("query", ["status=x", "family=x", "criterion=x", "from=x", "page=0", "page=x", "sort=x", "by=x"])
def test_api_wrong_queries_are_told_in_one_line(start: Callable, results: Path, query: str) -> None:
    path = "/api/consistency" if query == "by=x" else "/api/letters"
    answer = start(results).get(f"{path}?{query}")
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]


def test_api_describes_itself_without_the_network(start: Callable, results: Path) -> None:
    client = start(results)
    described = client.get("/api/openapi/openapi.json").json()
    assert set(described["paths"]) == {"/api/read", "/api/letters", "/api/letters/{letter_id}", "/api/consistency", "/api/health"}
    assert "multipart/form-data" in described["paths"]["/api/read"]["post"]["requestBody"]["content"]
    assert "Determination" in described["components"]["schemas"]
    assert client.get("/api/openapi/openapi.yaml").status_code == 200
    page = client.get("/api").text
    assert "http://" not in page.replace("http://127.0.0.1:8350", "")
    assert "https://" not in page
    for path in described["paths"]:
        assert path in page


def test_store_a_question_that_takes_too_long_is_given_up(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unmet.serve.store._SECONDS", 0.2)
    with open_store(results) as connection:
        store = Store("results.jsonl", connection)
        endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7"
        with pytest.raises(StoreError, match="longer"):
            awaited(store.ask(lambda cursor: cursor.execute(endless).fetchall()))
        assert awaited(store.ask(lambda cursor: cursor.execute("SELECT 1").fetchall())) == [(1,)]
        store.close()


def test_store_nothing_can_be_changed(results: Path) -> None:
    with open_store(results) as connection:
        store = Store("results.jsonl", connection)
        for sql in ("DELETE FROM letters", "COPY letters TO '/tmp/x.csv'", "SELECT * FROM read_text('/etc/passwd')"):
            with pytest.raises(StoreError):
                awaited(store.ask(lambda cursor, sql=sql: cursor.execute(sql).fetchall()))
        store.close()
