"""Readers: the same letter out of every format and encoding, with the pages it stood on."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import docx
import pytest
from reportlab.lib.pagesizes import letter as LETTER_SIZE  # noqa: N812
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from unmet.ingest import LetterText, read_letter
from unmet.ingest.read import letter_from_bytes

DATA = Path(__file__).parent / "data"
TEXT = (
    "CASE SUMMARY\r\n\r\nThe gardener\u2019s request \u2014 a \u201cwalnut\u201d tree \u2013 was refused on 3/4/2012.\r\n"
    "Growth was 50%\u2026 of what the caf\u00e9\u2019s own chart says; see \u00a7 3.\r\n"
) * 3
SEEN = " ".join(TEXT.split())


def read(path: Path, data: bytes) -> LetterText:
    path.write_bytes(data)
    return read_letter(path)


def pdf(*pages: str, encrypt: StandardEncryption | None = None) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=LETTER_SIZE, encrypt=encrypt)
    for page in pages:
        for number, line in enumerate(page.split("\n")):
            canvas.drawString(72, 720 - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def page_of(letter: LetterText, words: str) -> int | None:
    start = letter.text.index(words)
    return letter.page(letter.to_source(start, start + len(words))[0])


# --- plain text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_readers_text_in_any_encoding_reads_alike(tmp_path: Path, encoding: str) -> None:
    letter = read(tmp_path / "letter.txt", TEXT.encode(encoding))
    assert letter.text == SEEN
    assert letter.source_text == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-be"])
def test_readers_utf16_with_big_endian_mark(tmp_path: Path, encoding: str) -> None:
    letter = read(tmp_path / "letter.txt", b"\xfe\xff" + TEXT.encode(encoding))
    assert letter.text == SEEN


def test_readers_cp1252_with_a_single_curly_apostrophe(tmp_path: Path) -> None:
    text = "The worker has pruned trees since 2009. " * 40 + "The gardener\u2019s request was refused."
    assert read(tmp_path / "letter.txt", text.encode("cp1252")).source_text == text


def test_readers_text_source_is_the_file_as_decoded(tmp_path: Path) -> None:
    text = "Case Number:\tCM99-0000001 \r\n\r\n  hard-\r\n wrapped \x0c text\n"
    letter = read(tmp_path / "letter.txt", text.encode())
    assert letter.source_text == text
    assert letter.text == "Case Number: CM99-0000001 hard-wrapped text"


def test_readers_source_says_where_the_text_came_from(tmp_path: Path) -> None:
    letter = read(tmp_path / "letter.txt", TEXT.encode())
    assert letter.source.path == str(tmp_path / "letter.txt")
    assert letter.source.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (letter.source.media_type, letter.source.pages, letter.source.ocr) == ("text/plain", None, False)
    assert letter.page(0) is None


def test_readers_path_may_be_a_string(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("A walnut tree.")
    assert read_letter(str(tmp_path / "letter.txt")).text == "A walnut tree."


def test_readers_name_without_ending_is_text(tmp_path: Path) -> None:
    assert read(tmp_path / "letter", b"A walnut tree.").source.media_type == "text/plain"


def test_readers_text_that_begins_with_a_mark_is_not_html(tmp_path: Path) -> None:
    letter = read(tmp_path / "letter.txt", b"<redacted> was seen; pain was <3/10.")
    assert letter.source.media_type == "text/plain"
    assert "pain was <3/10." in letter.text


def test_readers_markdown(tmp_path: Path) -> None:
    source = "**Priority:**\tStandard\n\n### CASE SUMMARY\n\nA *walnut* tree, 5 \\#60 &amp; more.\n\n---\n\n- **Norco: Upheld**\n"
    letter = read(tmp_path / "letter.md", source.encode())
    assert letter.source.media_type == "text/markdown"
    assert letter.source_text == source
    assert letter.text.startswith("Priority: Standard CASE SUMMARY A ")
    assert "#60 & more." in letter.text
    assert "Norco: Upheld" in letter.text
    assert "**" not in letter.text
    assert "---" not in letter.text


# --- HTML -----------------------------------------------------------------------------------------------------------


def test_readers_html_entities_cells_and_scripts(tmp_path: Path) -> None:
    page = """<!DOCTYPE html><html><head><title>A. Writer</title><meta name="author" content="A. Writer">
    <style>p {color: red}</style><script>var walnut = "script text";</script></head>
    <body><!-- a comment --><table><tr><td>Priority:</td><td>Standard</td></tr><tr><th>Date</th><td>3/4/2012</td></tr></table>
    <p>The workers&rsquo; care &amp; rest: pain&nbsp;&lt;&nbsp;3, func&shy;tion,
    <b>bold</b>ly<br>put.</p><ul><li>one</li><li>two</li></ul><script>more("script text")</script></body></html>"""
    letter = read(tmp_path / "letter.html", page.encode())
    assert letter.source.media_type == "text/html"
    assert letter.text == (
        "Priority: Standard Date 3/4/2012 The workers\u2019 care & rest: pain < 3, function, boldly put. one two"
    )


@pytest.mark.parametrize("name", ["letter", "letter.txt", "letter.HTM", "letter.md"])
@pytest.mark.parametrize("opening", ["<html>", "\n <!DOCTYPE HTML>\n<html>", '<?xml version="1.0" encoding="utf-8"?>\n<html>'])
def test_readers_html_is_told_by_its_content(tmp_path: Path, name: str, opening: str) -> None:
    letter = read(tmp_path / name, f"{opening}<body><p>A walnut</p><p>tree</p></body></html>".encode())
    assert letter.source.media_type == "text/html"
    assert letter.text == "A walnut tree"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_readers_html_in_any_encoding_reads_alike(tmp_path: Path, encoding: str) -> None:
    body = "".join(f"<p>{line}</p>" for line in TEXT.split("\r\n"))
    letter = read(tmp_path / "letter.html", f"<html><body>{body}</body></html>".encode(encoding))
    assert letter.text == SEEN


def test_readers_html_nested_deeply_loses_no_text(tmp_path: Path) -> None:
    page = "<html><body>" + "<div>" * 1000 + "A walnut tree." + "</div>" * 1000 + "<p>The end.</p></body></html>"
    assert read(tmp_path / "letter.html", page.encode()).text == "A walnut tree. The end."


def test_readers_html_nested_without_end_does_not_crash(tmp_path: Path) -> None:
    page = "<html><body><p>A walnut tree.</p>" + "<div><b>" * 50_000 + "deep" + "</b></div>" * 50_000 + "</body></html>"
    assert read(tmp_path / "letter.html", page.encode()).text.startswith("A walnut tree.")


def test_readers_html_unclosed_tags(tmp_path: Path) -> None:
    page = "<html><body><table><tr><td>Priority:<td>Standard<tr><td>A <b>walnut<p>tree"
    assert read(tmp_path / "letter.html", page.encode()).text == "Priority: Standard A walnut tree"


# --- Word -----------------------------------------------------------------------------------------------------------


def test_readers_docx_paragraphs_and_tables_in_order_without_metadata(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.author = "Somebody Named"
    document.core_properties.title = "Hidden title"
    document.sections[0].footer.paragraphs[0].text = "a footer"
    document.add_paragraph("First paragraph.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ["Priority:", "Standard", "wide", ""], strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(1, 1))
    document.add_paragraph("Last paragraph\nof two lines.")
    document.save(str(tmp_path / "letter.docx"))
    letter = read_letter(tmp_path / "letter.docx")
    assert letter.text == "First paragraph. Priority: Standard wide Last paragraph of two lines."
    assert letter.source.media_type.endswith("wordprocessingml.document")
    assert letter.source.pages is None


def test_readers_docx_is_told_by_its_content(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("A walnut tree.")
    document.save(str(tmp_path / "letter.txt"))
    assert read_letter(tmp_path / "letter.txt").text == "A walnut tree."


def test_readers_docx_nested_table(tmp_path: Path) -> None:
    document = docx.Document()
    cell = document.add_table(rows=1, cols=1).cell(0, 0)
    cell.text = "outer"
    cell.add_table(rows=1, cols=1).cell(0, 0).text = "inner"
    document.save(str(tmp_path / "letter.docx"))
    assert read_letter(tmp_path / "letter.docx").text == "outer inner"


# --- PDF ------------------------------------------------------------------------------------------------------------


def test_readers_pdf_pages_of_characters(tmp_path: Path) -> None:
    letter = read(tmp_path / "letter.pdf", pdf("A walnut\nwas refused.", "It may be\nplanted", "next year."))
    assert letter.text == "A walnut was refused. It may be planted next year."
    assert (letter.source.media_type, letter.source.pages) == ("application/pdf", 3)
    assert [page_of(letter, words) for words in ("A walnut", "refused.", "It may", "planted", "next", "year.")] == [
        *(1, 1),
        *(2, 2),
        *(3, 3),
    ]


def test_readers_pdf_every_character_has_its_page(tmp_path: Path) -> None:
    pages = ["alpha " * 9, "", "beta " * 7, "gamma"]
    letter = read(tmp_path / "letter.pdf", pdf(*pages))
    expected = {"a": 1, "b": 3, "g": 4}
    start = 0
    for word in letter.text.split():
        start = letter.text.index(word, start)
        for offset in range(start, start + len(word)):
            assert letter.page(letter.to_source(offset, offset + 1)[0]) == expected[word[0]]
        start += len(word)
    assert letter.source.pages == 4


def test_readers_pdf_footers_are_no_text_and_pages_stay_right(tmp_path: Path) -> None:
    footer = "Final Determination Letter for IMR Case Number CM99-0000001"
    letter = read(tmp_path / "letter.pdf", pdf(f"A walnut\n{footer} 2", f"was refused\n{footer} 3", "for good."))
    assert letter.text == "A walnut was refused for good."
    assert [page_of(letter, words) for words in ("walnut", "was refused", "for good.")] == [1, 2, 3]


def test_readers_pdf_name_is_no_matter(tmp_path: Path) -> None:
    assert read(tmp_path / "letter.bin", pdf("A walnut tree.")).text == "A walnut tree."


def test_readers_pdf_metadata_is_no_text(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setAuthor("Somebody Named")
    canvas.setTitle("Hidden title")
    canvas.drawString(72, 720, "A walnut tree.")
    canvas.save()
    letter = read(tmp_path / "letter.pdf", buffer.getvalue())
    assert letter.source_text.strip() == "A walnut tree."


@pytest.mark.parametrize("name", ["aes-128-empty-user-password.pdf", "aes-256-empty-user-password.pdf"])
def test_readers_pdf_encrypted_with_an_empty_user_password(name: str) -> None:
    letter = read_letter(DATA / name)
    assert letter.text.startswith("The walnut requested on the first page is medically necessary.")
    assert page_of(letter, "second page") == 2


def test_readers_pdf_no_copy_flag_does_not_matter(tmp_path: Path) -> None:
    protection = StandardEncryption("", ownerPassword="owner", canCopy=0, canPrint=0, strength=128)
    assert read(tmp_path / "letter.pdf", pdf("A walnut tree.", encrypt=protection)).text == "A walnut tree."


# --- from memory, and the project's own letters ---------------------------------------------------------------------


def test_readers_bytes_from_memory() -> None:
    letter = letter_from_bytes(pdf("A walnut tree."), "upload.pdf")
    assert (letter.text, letter.source.path) == ("A walnut tree.", "upload.pdf")


def test_readers_formats_of_one_letter_read_alike(tmp_path: Path) -> None:
    lines = ["Case Number: CM99-0000001", "CASE SUMMARY", "A gardener asks for a walnut tree.", "It was refused."]
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    document.save(str(tmp_path / "letter.docx"))
    page = "".join(f"<p>{line}</p>" for line in lines)
    texts = {
        read_letter(tmp_path / "letter.docx").text,
        read(tmp_path / "letter.txt", "\n".join(lines).encode()).text,
        read(tmp_path / "letter.md", "\n\n".join(f"**{line}**" for line in lines).encode()).text,
        read(tmp_path / "letter.html", f"<html><body>{page}</body></html>".encode()).text,
        read(tmp_path / "letter.pdf", pdf("\n".join(lines[:2]), "\n".join(lines[2:]))).text,
    }
    assert texts == {" ".join(lines)}


def test_readers_sample_letters_of_every_format(samples: Path) -> None:
    kinds = {path.suffix: read_letter(path) for path in sorted(samples.glob("sample-*"))}
    assert {suffix: letter.source.pages for suffix, letter in kinds.items()} == {
        ".docx": None,
        ".html": None,
        ".md": None,
        ".pdf": 3,
        ".txt": None,
    }
    for letter in kinds.values():
        assert letter.text == " ".join(letter.text.split())
        assert "**" not in letter.text
        assert "Final Determination Letter for" not in letter.text


def test_readers_sample_pdf_sentence_broken_by_a_page_break_is_whole(samples: Path) -> None:
    letter = read_letter(samples / "sample-early-2014.pdf")
    assert "IMR Case Number" in letter.source_text
    pages = [letter.page(at) for at in letter.origin]
    assert sorted(set(pages), key=str) == [1, 2, 3]
    assert pages == sorted(pages, key=str)


def test_readers_real_letters_are_read_with_pages(real_letters: Path) -> None:
    for path in sorted((real_letters / "real").glob("*.pdf")):
        letter = read_letter(path)
        assert letter.source.pages, path.name
        pages = [letter.page(at) or 0 for at in letter.origin]
        assert (pages[0], pages == sorted(pages)) == (1, True), path.name
        assert max(pages) <= letter.source.pages, path.name
        assert "\ufffe" not in letter.source_text, path.name


def test_readers_example_letters_are_read(real_letters: Path) -> None:
    for path in sorted((real_letters / "examples").glob("*.txt")):
        letter = read_letter(path)
        assert letter.source_text == path.read_bytes().decode("utf-8")
        assert letter.text == " ".join(letter.text.split())
        assert zipfile.is_zipfile(path) is False
