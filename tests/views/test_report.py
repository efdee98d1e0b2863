"""The corpus report: its figures on records made by hand, its intervals, its tables, and what it says of bad input."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="needs unmet[report]")
pytest.importorskip("vl_convert", reason="needs unmet[report]")

from report_records import criterion, few, letter, request, span, write
from typer.testing import CliRunner
from unmet.cli import app
from unmet.record import Determination
from unmet.results.errors import ResultsError
from unmet.results.files import FileRow
from unmet.views.report.proportions import Share, wilson
from unmet.views.report.write import write_report

HOSTILE = "=1+1<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


class Elements(HTMLParser):
    """What elements and event handlers a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one(folder: Path, name: str, **key: str) -> dict[str, str]:
    (found,) = [row for row in rows(folder, name) if all(row[column] == value for column, value in key.items())]
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    unread = (
        FileRow(path="scan.pdf", sha256="0" * 64, state="failed", reason="holds no text"),
        FileRow(path="slow.pdf", sha256="1" * 64, state="quarantined", reason="took too long"),
    )
    write_report(
        write([*few(), few()[0], letter("not", is_determination=False)], folder / "results.duckdb", *unread), folder / "out"
    )
    return folder / "out"


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    # Newcombe 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_report_interval_is_wilsons_where_each_letter_has_one_request(hits: int, size: int, low: float, high: float) -> None:
    assert wilson(hits / size, size) == pytest.approx((low, high), abs=5e-5)
    assert Share(hits, size, size, hits, hits, size).interval == pytest.approx((low, high), abs=5e-5)


def test_report_interval_of_requests_that_are_decided_by_letter_is_that_of_letters() -> None:
    # 20 letters of 5 requests, all or none of which are hits: as 20 requests, 8 of them hits.
    together = Share(40, 100, 20, 8 * 25, 8 * 25, 20 * 25)
    assert together.interval == pytest.approx(wilson(0.4, 20))
    # Two hits in each: nothing is gained by less spread than chance gives.
    assert Share(40, 100, 20, 20 * 4, 20 * 10, 20 * 25).interval == pytest.approx(wilson(0.4, 100))


def test_report_interval_of_few_letters_or_of_all_or_nothing_counts_letters() -> None:
    assert Share(3, 12, 4, 9, 9, 36).interval == pytest.approx(wilson(0.25, 4))
    assert Share(0, 60, 20, 0, 0, 180).interval == pytest.approx(wilson(0, 20))
    assert Share(0, 0, 0, 0, 0, 0).interval is None


def test_report_headline_counts_each_letter_once(report: Path) -> None:
    assert one(report, "headline", figure="letters")["requests"] == "7"
    assert one(report, "headline", figure="overturned")["requests"] == "3"
    assert one(report, "headline", figure="upheld for a reason of its own")["requests"] == "6"
    assert one(report, "headline", figure="upheld with another")["requests"] == "2"
    assert one(report, "headline", figure="reasons")["requests"] == "7"
    curable = one(report, "headline", figure="upheld, nothing but documents missing")
    assert (curable["requests"], curable["of_requests"]) == ("3", "6")
    assert one(report, "headline", figure="repeated records left out")["requests"] == "1"
    assert one(report, "headline", figure="letters that are no determination")["requests"] == "1"


def test_report_shares_are_of_requests_upheld_for_a_reason_of_their_own(report: Path) -> None:
    found = one(report, "reasons_by_family", family="opioid", criterion_type="functional_improvement", unmet_basis="any")
    assert (found["requests"], found["of_requests"], found["share"]) == ("3", "3", "1.0")
    dose = one(report, "reasons_by_family", family="opioid", criterion_type="dose_limit", unmet_basis="exceeded")
    assert (dose["requests"], dose["of_requests"], dose["share"]) == ("1", "3", "0.3333")
    assert one(report, "reasons", criterion_type="functional_improvement", unmet_basis="any")["of_requests"] == "6"


def test_report_inherited_denials_are_nobodys_reason(report: Path) -> None:
    assert not [
        row for row in rows(report, "reasons") if "inherited" in row.values() or row["criterion_type"] == "parent_service"
    ]
    ancillary = one(report, "decisions_by_family", family="surgical_ancillary")
    assert (ancillary["requests"], ancillary["upheld_own_reason"], ancillary["inherited_denials"]) == ("2", "0", "2")


def test_report_groups_guidelines_specialties_and_months(report: Path) -> None:
    # A request counts under each guideline it cites, and one that cites none has a group of its own.
    assert one(report, "decisions_by_guideline", guideline="MTUS, Low Back")["requests"] == "2"
    assert one(report, "decisions_by_guideline", guideline="MTUS, Chronic Pain")["requests"] == "7"
    assert one(report, "decisions_by_guideline", guideline="none cited")["requests"] == "3"
    # Spellings that differ in case only are one specialty.
    pain = one(report, "decisions_by_specialty", specialty="Pain Medicine")
    assert (pain["letters"], pain["requests"], pain["overturned"]) == ("5", "7", "2")
    assert one(report, "decisions_by_specialty", specialty="not stated")["overturned"] == "1"
    assert {row["month"]: row["requests"] for row in rows(report, "decisions_by_month")} == {
        "2015-03": "6",
        "2015-04": "1",
        "2016-01": "3",
        "no date": "1",
    }


def test_report_checklist_tells_what_was_missing_with_the_surest_sentences(report: Path) -> None:
    found = one(report, "cure_checklist", family="opioid", criterion_type="functional_improvement")
    assert (found["requests"], found["of_requests"]) == ("3", "3")
    assert found["sentence_1"] == "Nothing shows that he does more."
    assert found["sentence_2"] == "No gain in function is documented."
    assert found["sentence_3"] == ""
    assert found["letter_id_1"] != found["letter_id_2"]
    assert "exceeded" not in {row["criterion_type"] for row in rows(report, "cure_checklist")}
    assert {row["family"] for row in rows(report, "cure_checklist")} == {"opioid", "topical"}


def test_report_lists_what_an_appeal_may_turn_on(report: Path) -> None:
    found = rows(report, "counter_evidence")
    assert [row["against_it"] for row in found] == ["He went back to work in May.", "He walks two miles."]
    assert {row["finding"] for row in found} == {"Nothing shows that he does more."}
    assert [row["code"] for row in rows(report, "warnings")] == ["guideline.silence_disputed", "disagreement.date"]
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "He walks two miles." in page
    assert "the MTUS is called silent" in page


def test_report_names_files_that_were_not_read(report: Path) -> None:
    assert [(row["path"], row["state"], row["reason"]) for row in rows(report, "files_not_read")] == [
        ("scan.pdf", "failed", "holds no text"),
        ("slow.pdf", "quarantined", "took too long"),
    ]
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "holds no text" in page
    assert "took too long" in page


def test_report_is_the_same_from_every_format_and_every_time(tmp_path: Path, report: Path) -> None:
    for name in ("again.duckdb", "again.parquet", "again.jsonl"):
        write_report(write([*few(), few()[0], letter("not", is_determination=False)], tmp_path / name), tmp_path / name[6:])
        for table in (
            "headline",
            "reasons_by_family",
            "decisions_by_specialty",
            "cure_checklist",
            "counter_evidence",
            "warnings",
        ):
            assert rows(tmp_path / name[6:], table) == rows(report, table)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        write_report(tmp_path / "again.duckdb", folder)
    assert (first / "index.html").read_bytes() == (second / "index.html").read_bytes()


def hostile() -> list[Determination]:
    cruel = criterion("functional_improvement", "undocumented", HOSTILE, counter_evidence=[span(HOSTILE)])
    return [
        *few(),
        letter(
            "h",
            request(
                "opioid",
                cruel,
                criterion("dose_limit", "undocumented", HOSTILE),
                guidelines=[HOSTILE],
            ),
            path=f"{HOSTILE}.txt",
            case_number=None,
            specialties=[HOSTILE],
        ),
    ]


def test_report_hostile_words_are_words(tmp_path: Path) -> None:
    results = write(
        hostile(), tmp_path / "<img onerror=x>.duckdb", FileRow(path=HOSTILE, sha256=None, state="failed", reason=HOSTILE)
    )
    write_report(results, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    found = Elements(page)
    assert [attrs for tag, attrs in found.tags if tag == "script" and not attrs.get("type")] == [{}, {}]
    assert not [attrs for tag, attrs in found.tags if tag == "img" or any(name.startswith("on") for name in attrs)]
    assert "{{7*7}}" in page
    for file in (tmp_path / "out" / "tables").iterdir():
        with file.open(encoding="utf-8", newline="") as lines:
            assert not [cell for row in csv.reader(lines) for cell in row if re.match(r"[=+@\t\r]|-\D", cell)], file.name


def test_report_page_forbids_what_it_does_not_need(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    (policy,) = [attrs["content"] or "" for tag, attrs in Elements(page).tags if attrs.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [attrs for tag, attrs in Elements(page).tags if tag in ("link", "img", "iframe") or attrs.get("src")]


def test_report_without_a_denial_says_so(tmp_path: Path) -> None:
    results = write([letter("a", request("opioid", decision="overturned"))], tmp_path / "results.jsonl")
    write_report(results, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "No upheld request was found to lack documentation." in page


def test_report_of_many_months_tells_the_page_by_year_and_the_table_by_month(tmp_path: Path) -> None:
    letters = [
        letter(f"m{number}", request("opioid"), date=f"{2013 + number // 12}-{1 + number % 12:02}-05") for number in range(60)
    ]
    write_report(write(letters, tmp_path / "results.duckdb"), tmp_path / "out")
    assert len(rows(tmp_path / "out", "decisions_by_month")) == 60
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Time of the determination, by year" in page
    assert "2013-01" not in page


def test_report_of_many_specialties_tells_the_most_frequent(tmp_path: Path) -> None:
    letters = [letter(f"s{number}", request("opioid"), specialties=[f"Specialty {number % 40}"]) for number in range(60)]
    write_report(write(letters, tmp_path / "results.duckdb"), tmp_path / "out")
    found = {row["specialty"]: row["requests"] for row in rows(tmp_path / "out", "decisions_by_specialty")}
    assert len(found) == 26
    assert found["other specialties"] == "15"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.duckdb", None, "is no file"),
        ("empty.jsonl", b"", "holds no request"),
        ("damaged.jsonl", b'{"case": 1}\n', "line 1 is no record"),
        ("damaged.duckdb", b"not a store", "cannot be opened"),
        ("damaged.parquet", b"not a table", "is damaged or no Parquet file"),
        ("flat.csv", b"a,b\n", "holds no whole records"),
        ("letter.pdf", b"%PDF", "results are"),
    ],
)
def test_report_of_bad_results_says_so_in_one_line(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ended = CliRunner().invoke(app, ["report", str(tmp_path / name), "-o", str(tmp_path / "out")])
    assert ended.exit_code == 1
    assert ended.output.count("\n") == 1
    assert str(tmp_path / name) in ended.output
    assert says in ended.output
    assert not (tmp_path / "out" / "index.html").exists()


def test_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    results = write(few(), tmp_path / "results.jsonl")
    (tmp_path / "out").write_text("a file is in the way")
    with pytest.raises(ResultsError, match="cannot be written"):
        write_report(results, tmp_path / "out")


def test_report_command_writes_page_and_tables(tmp_path: Path) -> None:
    results = write(few(), tmp_path / "results.parquet")
    ended = CliRunner().invoke(app, ["report", str(results), "-o", str(tmp_path / "new" / "out")])
    assert ended.exit_code == 0, ended.output
    assert "11 requests of 7 letters" in ended.output
    assert (tmp_path / "new" / "out" / "tables" / "reasons.csv").is_file()
