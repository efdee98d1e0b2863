"""Text layer of a PDF, by pypdfium2 (PDFium; a protected file opens if its user password is empty)."""

from __future__ import annotations

# PDFium swallows a hyphen at a line end together with the break, and leaves this character.
_SWALLOWED_HYPHEN = "\ufffe"


def pdf_pages(data: bytes) -> list[str]:
    """Return the text of each page, line ends as ``\\n``; a scanned page gives an empty string.

    Raises ``ValueError`` with a reason where the file is damaged or asks for a password.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise ValueError("the PDF asks for a password; save a copy without one") from error
        raise ValueError("the PDF is damaged or incomplete; fetch it again") from error
    try:
        pages = []
        for page in document:
            text_page = page.get_textpage()
            pages.append(_clean(text_page.get_text_range()))
            text_page.close()
            page.close()
        return pages
    except pypdfium2.PdfiumError as error:
        raise ValueError("the PDF is damaged: a page cannot be read; fetch it again") from error
    finally:
        document.close()


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(_SWALLOWED_HYPHEN, "-\n")
