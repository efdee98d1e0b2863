"""Text of a Word document, by python-docx: paragraphs and table cells in the order they stand."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A letter is some hundred kilobytes of XML; far beyond that the archive is a decompression bomb.
_MAX_UNPACKED = 64 * 1024 * 1024
_DAMAGED = "the Word document is damaged, protected or incomplete"


def docx_text(data: bytes) -> str:
    """Return the document's text, one line per paragraph, table rows with their cells apart by tabs.

    Headers, footers and comments are left out; so is all document metadata. Raises ``ValueError`` with a
    reason where the archive is damaged, protected or no Word document.
    """
    import docx

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(_DAMAGED) from error
    if "word/document.xml" not in names:
        raise ValueError("the archive is not a Word document; unpack it first")
    if size > _MAX_UNPACKED:
        raise ValueError("the Word document is too large for a letter")
    try:
        return "\n".join(_lines(docx.Document(io.BytesIO(data))))
    except Exception as error:  # python-docx meets a damaged part with whatever error its objects happen to raise
        raise ValueError(_DAMAGED) from error


def _lines(container: object) -> Iterator[str]:
    from docx.table import Table

    for block in container.iter_inner_content():  # type: ignore[attr-defined]
        if isinstance(block, Table):
            for row in block.rows:
                cells: list[tuple[object, str]] = []
                for cell in row.cells:
                    if not cells or cell._tc is not cells[-1][0]:  # merged cells repeat
                        cells.append((cell._tc, " ".join(_lines(cell))))
                yield "\t".join(text for _, text in cells)
        else:
            yield block.text
