"""Doc to record: offsets that hold, ids that resolve, and what must be true of every request, over all letters at hand."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from unmet.ingest.read import letter_from_bytes, read_letter
from unmet.reading import determine, read
from unmet.record import Determination, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIMEN = ("strength", "form", "route", "frequency", "quantity", "duration", "refills")


def letters(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != "README.md")


def spans(value: Any) -> Iterator[Span]:
    """Every span of a record."""
    if isinstance(value, Span):
        yield value
    if isinstance(value, msgspec.Struct):
        for inner in msgspec.structs.asdict(value).values():
            yield from spans(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from spans(inner)


def assert_holds(determination: Determination, name: str) -> None:
    """Whatever the letter is like, its record has these properties."""
    text = determination.text
    assert text is not None
    assert determination.source.characters == len(text), name
    for span in spans(determination):
        assert 0 <= span.start < span.end <= len(text), name
        assert text[span.start : span.end] == span.text, name
    ids = [mention.id for mention in determination.mentions]
    assert len(set(ids)) == len(ids), name
    drugs = {mention.id for mention in determination.mentions if mention.label == "MEDICATION"}
    for medication in determination.medications:
        assert medication.mentions, name
        assert set(medication.mentions) <= drugs, name
    criteria = [criterion.id for request in determination.requests for criterion in request.criteria]
    assert len(set(criteria)) == len(criteria), name
    by_index = {request.index: request for request in determination.requests}
    assert len(by_index) == len(determination.requests), name
    for request in determination.requests:
        if request.inherits_from is not None:
            assert request.inherits_from != request.index, name
            assert by_index[request.inherits_from].decision == "upheld", name
            assert request.decision == "upheld", name
        for criterion in request.criteria:
            assert (criterion.unmet_basis is not None) == (criterion.status == "unmet"), name
            assert not (criterion.decisive and criterion.status == "not_addressed"), name
            for span in (*criterion.evidence, *([criterion.statement] if criterion.statement else ())):
                assert request.rationale is not None, name
                assert request.rationale.start <= span.start < span.end <= request.rationale.end, name
    empty = [value for value in strings(msgspec.to_builtins(determination)) if not value.strip()]
    assert not empty, name


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@pytest.fixture(scope="module")
def records(samples: Path) -> dict[str, Determination]:
    return {path.name: read(path, with_text=True) for path in letters(samples)}


def test_assemble_every_format_is_among_the_letters(samples: Path) -> None:
    assert {path.suffix for path in letters(samples)} == {".txt", ".md", ".pdf", ".html", ".docx"}


def test_assemble_invariants_hold_for_every_letter(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        assert determination.layout.is_determination, name
        assert determination.requests, name
        assert_holds(determination, name)


def test_assemble_spans_of_text_files_lie_in_the_file_as_decoded(samples: Path, records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        path = samples / name
        assert determination.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest(), name
        if path.suffix in (".txt", ".md"):
            text = path.read_bytes().decode("utf-8")
            assert determination.text == text, name
            assert all(text[span.start : span.end] == span.text for span in spans(determination)), name


def test_assemble_offsets_count_code_points_and_survive_crlf_and_bom(samples: Path) -> None:
    path = samples / "sample-intrathecal-pump.txt"
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n").replace("pallet jack", "\U0001f69a pallet jack")
    determination = determine(letter_from_bytes(b"\xef\xbb\xbf" + text.encode(), "crlf.txt"), with_text=True)
    assert determination.text == text
    assert_holds(determination, "crlf.txt")
    title = determination.requests[0].title
    assert text.index("PERMANENT IMPLANTATION") == title.start


def test_assemble_pages_are_those_of_the_pdf(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        pages = [span.page for span in spans(determination)]
        if determination.source.media_type == "application/pdf":
            count = determination.source.pages
            assert count, name
            assert all(page is not None and 1 <= page <= count for page in pages), name
            by_start = [span.page for span in sorted(spans(determination), key=lambda span: span.start)]
            assert by_start == sorted(by_start), name
            assert by_start[-1] == count, name
        else:
            assert determination.source.pages is None, name
            assert set(pages) == {None}, name


def test_assemble_requests_are_numbered_in_order_from_1(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        assert [request.index for request in determination.requests] == list(range(1, len(determination.requests) + 1)), name


def test_assemble_upheld_requests_have_an_unmet_criterion_and_overturned_a_met_one(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        for request in determination.requests:
            wanted = "unmet" if request.decision == "upheld" else "met"
            decisive = [criterion for criterion in request.criteria if criterion.decisive]
            assert wanted in [criterion.status for criterion in request.criteria], (name, request.index)
            assert decisive, (name, request.index)
            assert all(criterion.status == wanted and criterion.evidence for criterion in decisive), (name, request.index)


def test_assemble_ancillary_service_falls_with_the_surgery_of_its_letter(records: dict[str, Determination]) -> None:
    """The cold therapy unit of the sample is for the shoulder surgery (request 3), not for the drug (request 1)."""
    requests = records["sample-multi-request.md"].requests
    assert [request.inherits_from for request in requests] == [None, None, None, 3]
    inherited = [criterion for criterion in requests[3].criteria if criterion.unmet_basis == "inherited"]
    assert [criterion.type for criterion in inherited] == ["parent_service"]


def test_assemble_inherited_basis_comes_with_its_request(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        for request in determination.requests:
            if request.inherits_from is not None:
                assert any(criterion.unmet_basis == "inherited" for criterion in request.criteria), (name, request.index)


def test_assemble_items_lie_inside_their_titles(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        for request in determination.requests:
            assert request.title.start <= request.item.start < request.item.end <= request.title.end, (name, request.index)


def test_assemble_partial_approval_disputes_the_remainder(records: dict[str, Determination]) -> None:
    partial = [request for request in records["sample-partial-approval.docx"].requests if request.partial]
    assert len(partial) == 2
    for request in partial:
        assert request.partial is not None
        assert request.partial.original
        assert request.item.text != request.title.text


def test_assemble_outcome_sums_up_the_decisions(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        decisions = {request.decision for request in determination.requests}
        assert determination.case.outcome == ("partial" if len(decisions) == 2 else decisions.pop()), name
    text = records["sample-overturned.html"].text
    assert text is not None
    assert records["sample-overturned.html"].case.outcome == "partial"
    for word in ("Upheld", "Overturned"):
        alike = re.sub(r"\b(?:Upheld|Overturned)\b", word, text)
        assert determine(letter_from_bytes(alike.encode(), "alike.txt")).case.outcome == word.lower()


def test_assemble_utilization_review_quoted_in_a_rationale_is_no_finding(records: dict[str, Determination]) -> None:
    pump = records["sample-intrathecal-pump.txt"]
    quoted = next(
        sentence for sentence in pump.sentences if "do not establish that oral opioids" in " ".join(sentence.text.split())
    )
    assert quoted.voice == "utilization_review"
    evidence = [span for criterion in pump.requests[0].criteria for span in criterion.evidence]
    assert evidence
    assert all(span.end <= quoted.start or span.start >= quoted.end for span in evidence)


def test_assemble_evidence_is_never_a_sentence_of_another_voice(records: dict[str, Determination]) -> None:
    """Voice before polarity: what utilization review said never is a finding of the reviewer."""
    for name, determination in records.items():
        voices = {(sentence.start, sentence.end): sentence.voice for sentence in determination.sentences}
        for request in determination.requests:
            for criterion in request.criteria:
                for span in criterion.evidence:
                    assert voices.get((span.start, span.end)) != "utilization_review", (name, request.index, criterion.id)


def test_assemble_sentences_and_mentions_lie_in_the_sections_they_name(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        places = [(section.start, section.end, section.kind) for section in determination.sections]
        for start, end, kind in [(s.start, s.end, s.section) for s in determination.sentences] + [
            (m.span.start, m.span.end, m.section) for m in determination.mentions
        ]:
            assert any(a <= start and end <= b and kind == k for a, b, k in places), (name, start, kind)


def test_assemble_medications_are_distinct_and_share_no_mention(records: dict[str, Determination]) -> None:
    for name, determination in records.items():
        counted = [mention for medication in determination.medications for mention in medication.mentions]
        assert len(counted) == len(set(counted)), name
        keys = [
            (tuple(medication.ingredient) or medication.name.lower(), *(getattr(medication, field) for field in REGIMEN))
            for medication in determination.medications
        ]
        assert len(keys) == len(set(keys)), name


def test_assemble_drug_classes_are_mentions_and_no_medications(records: dict[str, Determination]) -> None:
    classes = {
        (name, mention.id) for name, d in records.items() for mention in d.mentions if mention.attributes.get("class") is True
    }
    counted = {(name, mention) for name, d in records.items() for medication in d.medications for mention in medication.mentions}
    assert classes
    assert not classes & counted


def test_assemble_warns_of_a_letter_without_header_or_summary() -> None:
    letter = (
        "IMR DECISION(S) AND RATIONALE(S)\n1. Acupuncture, six visits: Upheld.\n"
        "Decision rationale: The records do not document any functional improvement from the first six visits. "
        "The request is not medically necessary.\n"
    )
    determination = determine(letter_from_bytes(letter.encode(), "short.txt"), with_text=True)
    assert determination.layout.is_determination
    assert_holds(determination, "short.txt")
    found = {warning.code for warning in determination.warnings}
    assert {"layout.header_missing", "layout.summary_missing"} <= found
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", code) for code in found)


def test_assemble_no_determination_has_no_requests_and_says_why() -> None:
    determination = determine(letter_from_bytes(b"The picnic of the bowling club is on Sunday.\n", "picnic.txt"), with_text=True)
    assert not determination.layout.is_determination
    assert determination.layout.era == "unknown"
    assert (determination.requests, determination.case.outcome) == ([], None)
    assert [warning.code for warning in determination.warnings] == ["layout.not_a_determination"]
    assert_holds(determination, "picnic.txt")


# --- damage --------------------------------------------------------------------------------------------------------


def damaged(text: str, random_: random.Random) -> Iterator[tuple[str, str]]:
    """The letter as a bad scan, a broken copy or a careless conversion might leave it."""
    middle = random_.randrange(len(text) // 4, 3 * len(text) // 4)
    lines = text.split("\n")
    yield "its first part", text[:middle]
    yield "its second part", text[middle:]
    yield "lines lost", "\n".join(line for line in lines if random_.random() > 0.15)
    yield "lines in disorder", "\n".join(random_.sample(lines, len(lines)))
    yield "letters lost", "".join(letter for letter in text if random_.random() > 0.01)
    yield "twice", text + "\n" + text


def test_assemble_invariants_hold_for_damaged_letters(samples: Path) -> None:
    random_ = random.Random(20160701)
    for path in letters(samples)[::5]:
        for how, text in damaged(read_letter(path).source_text, random_):
            if text.strip():
                name = f"{path.name}, {how}"
                assert_holds(determine(letter_from_bytes(text.encode(), "damaged.txt"), with_text=True), name)


def test_assemble_title_missing_altogether_does_not_end_the_reading() -> None:
    letter = (
        "ISSUE AT DISPUTE\nMEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY THE EXPERT REVIEWER TO MAKE HIS/HER DECISION\n"
        "ACOEM Chapter 12\nRATIONALE FOR WHY THE REQUESTED TREATMENT/SERVICE IS NOT MEDICALLY NECESSARY\n"
        "The request is not medically necessary.\n"
    )
    assert_holds(determine(letter_from_bytes(letter.encode(), "untitled.txt"), with_text=True), "untitled.txt")


# --- one space for every whitespace run ----------------------------------------------------------------------------

_PLACES = frozenset(["start", "end", "page", "source", "path", "sha256", "characters"])


def apart_from_offsets(determination: Determination) -> Any:
    """A record without offsets and without what is said of the source; whitespace in words does not count."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            # "source" of the record is where the letter came from; "source" of a mention says rule or model.
            return {k: plain(v) for k, v in value.items() if k not in _PLACES or (isinstance(v, str) and v in ("rule", "model"))}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        return " ".join(value.split()) if isinstance(value, str) else value

    return plain(json.loads(determination.to_json()))


def assert_same_on_one_line(text: str, name: str) -> None:
    # The name's ending stays: it may choose the reader of the file.
    laid_out = determine(letter_from_bytes(text.encode(), name))
    one_line = determine(letter_from_bytes(" ".join(text.split()).encode(), name))
    # Compared field by field, so that a failure names the field and not the letter's words.
    first, second = apart_from_offsets(laid_out), apart_from_offsets(one_line)
    for field in first:
        assert first[field] == second[field], f"{name}: {field}"


def test_assemble_same_record_with_every_whitespace_run_one_space(samples: Path) -> None:
    for path in letters(samples):
        if path.suffix in (".txt", ".md"):
            assert_same_on_one_line(path.read_text(encoding="utf-8"), path.name)


def test_assemble_same_record_of_extracted_text_on_one_line(samples: Path) -> None:
    for path in letters(samples):
        if path.suffix in (".pdf", ".docx", ".html"):
            assert_same_on_one_line(read_letter(path).source_text, path.stem + ".txt")


def test_assemble_same_record_with_tabs_and_blank_lines_between(samples: Path) -> None:
    path = samples / "sample-overturned.html"
    text = read_letter(path).source_text
    loose = re.sub(r"\n", "\n\n\t \n", text).replace(". ", ".\u00a0  ")
    laid_out, wide = determine(letter_from_bytes(text.encode(), "a.txt")), determine(letter_from_bytes(loose.encode(), "a.txt"))
    assert apart_from_offsets(laid_out) == apart_from_offsets(wide)


def test_assemble_real_letters_read_alike_from_pdf_layout_text_and_one_line(real_letters: Path) -> None:
    extractor = shutil.which("pdftotext")
    if extractor is None:
        pytest.skip("no pdftotext here to make the layout-preserving text")
    for path in sorted((real_letters / "real").glob("*.pdf")):
        extracted = subprocess.run([extractor, "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
        # The assertions name the letter by its file alone; none may print its words.
        name = path.stem + ".txt"
        pdf = determine(read_letter(path), with_text=True)
        pdf_text, pdf.text = pdf.text or "", None
        laid_out = determine(letter_from_bytes(extracted.encode(), name))
        one_line = determine(letter_from_bytes(" ".join(extracted.split()).encode(), name))
        first, second, third = (apart_from_offsets(one) for one in (pdf, laid_out, one_line))
        assert [field for field in first if second[field] != third[field]] == [], name
        # Two tables of the header stand side by side, and the two texts print the cells in other orders.
        for record in (first, second):
            record["source"] = None
            record["sections"] = [one for one in record["sections"] if one["kind"] != "header"]
            record["sentences"] = [one for one in record["sentences"] if one["section"] != "header"]
        assert [field for field in first if first[field] != second[field]] == [], name
        assert [span.start for span in spans(pdf) if pdf_text[span.start : span.end] != span.text] == [], name
