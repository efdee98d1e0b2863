"""What cannot be read: one line that names the file, says why, and quotes nothing of the letter."""

from __future__ import annotations

import io
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from unmet.errors import UnmetError, UnreadableLetterError
from unmet.ingest import read_letter
from unmet.ingest.read import letter_from_bytes

DATA = Path(__file__).parent / "data"
SECRET = "Zebrawood"
SENTENCE = f"The {SECRET} requested is not medically necessary. "


def canvas_pdf(pages: int = 1, *, encrypt: StandardEncryption | None = None, draw: bool = True) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=encrypt)
    for number in range(pages):
        for line in range(40 if draw else 0):
            canvas.drawString(72, 780 - 14 * line, f"{SENTENCE} {number} {line}")
        if not draw:
            canvas.rect(72, 72, 300, 300, fill=1)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def docx_bytes() -> bytes:
    document = docx.Document()
    document.add_paragraph(SENTENCE * 50)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    """Read ``path``, expect a refusal, check its form and return its reason."""
    with pytest.raises(UnreadableLetterError) as caught:
        read_letter(path)
    message = str(caught.value)
    assert isinstance(caught.value, UnmetError)
    assert "\n" not in message
    assert message == f"{path}: {caught.value.reason}"
    assert path.name in message
    assert SECRET not in message
    assert caught.value.reason
    return caught.value.reason


def test_errors_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.txt")


def test_errors_directory(tmp_path: Path) -> None:
    assert "directory" in refusal(tmp_path)


def test_errors_missing_file_with_a_line_break_in_its_name_is_still_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLetterError) as caught:
        read_letter(tmp_path / "two\nlines.txt")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b" \n\t \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["letter.txt", "letter.md", "letter.pdf", "letter.docx", "letter.html"])
def test_errors_empty_file(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    reason = refusal(tmp_path / name)
    assert any(word in reason for word in ("empty", "no text", "no PDF"))


@pytest.mark.parametrize("text", ["\u200b\u200b", "** **", "---\n***", "<br><br>", "&nbsp;"])
def test_errors_text_of_marks_only_holds_no_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "letter.md").write_text(text, encoding="utf-8")
    assert "no text" in refusal(tmp_path / "letter.md")


def test_errors_random_bytes(tmp_path: Path) -> None:
    data = random.Random(7).randbytes(20_000)
    (tmp_path / "letter.txt").write_bytes(data)
    assert refusal(tmp_path / "letter.txt")


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        b"\x7fELF\x02\x01\x01\x00\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # Word 97
        b"\x1f\x8b\x08\x00",
    ],
)
def test_errors_binary_file(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "letter").write_bytes(head + random.Random(3).randbytes(5_000) + b"\x00" * 500)
    reason = refusal(tmp_path / "letter")
    assert any(word in reason for word in ("binary", "encoding", "damaged"))


def test_errors_text_that_breaks_its_own_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(b"\xef\xbb\xbf" + SENTENCE.encode() + b"\xff\xff")
    assert "damaged" in refusal(tmp_path / "letter.txt")


def test_errors_text_named_pdf(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_text(SENTENCE)
    assert "no PDF" in refusal(tmp_path / "letter.pdf")


def test_errors_fifty_megabytes_of_text(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(SENTENCE.encode() * (50 * 1024 * 1024 // len(SENTENCE)))
    assert "larger than 32 MB" in refusal(tmp_path / "letter.txt")


def test_errors_text_far_longer_than_a_letter(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(SENTENCE.encode() * (3 * 1024 * 1024 // len(SENTENCE)))
    assert "characters" in refusal(tmp_path / "letter.txt")


def test_errors_bytes_too_large_from_memory() -> None:
    with pytest.raises(UnreadableLetterError, match="larger than"):
        letter_from_bytes(b"a" * (33 * 1024 * 1024), "upload.txt")


# --- PDF ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.8])
def test_errors_truncated_pdf(tmp_path: Path, share: float) -> None:
    data = canvas_pdf(6)
    (tmp_path / "letter.pdf").write_bytes(data[: int(len(data) * share)])
    assert "damaged" in refusal(tmp_path / "letter.pdf")


def test_errors_pdf_of_noise(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7\n" + random.Random(5).randbytes(4_000))
    assert "damaged" in refusal(tmp_path / "letter.pdf")


def test_errors_pdf_that_asks_for_a_password(tmp_path: Path) -> None:
    protection = StandardEncryption("secret", ownerPassword="owner", strength=128)
    (tmp_path / "letter.pdf").write_bytes(canvas_pdf(encrypt=protection))
    assert "password" in refusal(tmp_path / "letter.pdf")


def test_errors_pdf_that_asks_for_a_password_aes() -> None:
    assert "password" in refusal(DATA / "aes-256-user-password.pdf")


@pytest.mark.parametrize("pages", [1, 3])
def test_errors_pdf_without_text_layer(tmp_path: Path, pages: int) -> None:
    (tmp_path / "letter.pdf").write_bytes(canvas_pdf(pages, draw=False))
    assert "text layer" in refusal(tmp_path / "letter.pdf")


def test_errors_pdf_of_one_image(tmp_path: Path) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 60), "gray")), 72, 400, 300, 300)
    canvas.save()
    (tmp_path / "letter.pdf").write_bytes(buffer.getvalue())
    assert "text layer" in refusal(tmp_path / "letter.pdf")


def test_errors_reading_goes_on_after_a_damaged_pdf(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(canvas_pdf()[:300])
    (tmp_path / "good.pdf").write_bytes(canvas_pdf())
    (tmp_path / "locked.pdf").write_bytes(canvas_pdf(encrypt=StandardEncryption("secret", strength=128)))
    assert "password" in refusal(tmp_path / "locked.pdf")
    assert "damaged" in refusal(tmp_path / "bad.pdf")
    assert SECRET in read_letter(tmp_path / "good.pdf").text


# --- Word and HTML --------------------------------------------------------------------------------------------------


def test_errors_zip_that_is_no_word_document(tmp_path: Path) -> None:
    (tmp_path / "letters.zip").write_bytes(zipped({"letter.txt": SENTENCE.encode()}))
    assert "not a Word document" in refusal(tmp_path / "letters.zip")


def test_errors_zip_named_docx(tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(zipped({"letter.txt": SENTENCE.encode()}))
    assert "not a Word document" in refusal(tmp_path / "letter.docx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_errors_truncated_docx(tmp_path: Path, share: float) -> None:
    data = docx_bytes()
    (tmp_path / "letter.docx").write_bytes(data[: int(len(data) * share)])
    assert "damaged" in refusal(tmp_path / "letter.docx")


@pytest.mark.parametrize("document", [b"", b"no XML at all", b"<w:document>", SENTENCE.encode()])
def test_errors_docx_of_nonsense(tmp_path: Path, document: bytes) -> None:
    (tmp_path / "letter.docx").write_bytes(zipped({"word/document.xml": document}))
    assert refusal(tmp_path / "letter.docx")


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"])
@pytest.mark.parametrize("content", [b"", b"<oops", b"<a/>", b"\x00\xff\xfe", None])
def test_errors_docx_with_one_damaged_part(tmp_path: Path, part: str, content: bytes | None) -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes())) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    if content is None:
        del entries[part]
    else:
        entries[part] = content
    (tmp_path / "letter.docx").write_bytes(zipped(entries))
    try:
        assert SECRET in read_letter(tmp_path / "letter.docx").text
    except UnreadableLetterError:
        assert refusal(tmp_path / "letter.docx")


def test_errors_docx_with_a_flipped_byte_is_read_or_refused(tmp_path: Path) -> None:
    data = docx_bytes()
    generator = random.Random(11)
    for _ in range(40):
        damaged = bytearray(data)
        damaged[generator.randrange(4, len(data))] ^= 0xFF
        (tmp_path / "letter.docx").write_bytes(damaged)
        try:
            assert read_letter(tmp_path / "letter.docx").text
        except UnreadableLetterError:
            assert refusal(tmp_path / "letter.docx")


def test_errors_docx_that_unpacks_without_end(tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(zipped({"word/document.xml": b" " * (65 * 1024 * 1024)}))
    assert "too large" in refusal(tmp_path / "letter.docx")


def test_errors_docx_without_text(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "letter.docx"))
    assert "no text" in refusal(tmp_path / "letter.docx")


@pytest.mark.parametrize("page", ["<html></html>", "<html><body><script>x</script></body></html>", "<html><!-- c --></html>"])
def test_errors_html_without_text(tmp_path: Path, page: str) -> None:
    (tmp_path / "letter.html").write_text(page)
    reason = refusal(tmp_path / "letter.html")
    assert "no text" in reason or "empty" in reason


# --- whatever the bytes ---------------------------------------------------------------------------------------------


def text_or_refusal(data: bytes, name: str) -> tuple[str, str]:
    try:
        return letter_from_bytes(data, name).text, ""
    except UnreadableLetterError as error:
        return "", str(error)


@given(st.binary(max_size=400), st.sampled_from(["x.txt", "x.md", "x.html", "x.docx", "x.pdf", "x"]))
def test_errors_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    text, refused = text_or_refusal(data, name)
    assert bool(text) is not bool(refused)
    assert not refused or refused.startswith(f"{name}: ")
    assert "\n" not in refused


@given(
    st.sampled_from([b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"<?xml ?>"]),
    st.binary(max_size=300),
)
def test_errors_any_bytes_behind_a_known_beginning_are_read_or_refused(head: bytes, data: bytes) -> None:
    text, refused = text_or_refusal(head + data, "x")
    assert bool(text) is not bool(refused)
    assert "\n" not in refused


@pytest.mark.parametrize("make", [lambda e: e, lambda e: pickle.loads(pickle.dumps(e))])
def test_errors_survive_the_way_between_processes(
    make: Callable[[UnreadableLetterError], UnreadableLetterError],
) -> None:
    error = make(UnreadableLetterError("letter.pdf", "is empty"))
    assert (str(error), error.path, error.reason) == ("letter.pdf: is empty", "letter.pdf", "is empty")
