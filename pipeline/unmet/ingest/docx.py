"""Text of a Word document, by python-docx: paragraphs and table cells in the order they stand."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A letter is some hundred kilobytes of XML; far beyond that the archive is a decompression bomb.
_MAX_UNPACKED = 64 * 1024 * 1024


def docx_text(data: bytes) -> str:
    """Return the document's text, one line per paragraph, table rows with their cells apart by tabs.

    Headers, footers and comments are left out; so is all document metadata. Raises ``ValueError`` with a
    reason where the archive is damaged, protected or no Word document.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "word/document.xml" not in archive.namelist():
                raise ValueError("the archive is not a Word document; unpack it first")
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise ValueError("the Word document is too large for a letter")
        document = docx.Document(io.BytesIO(data))
        return "\n".join(_lines(document))
    except (zipfile.BadZipFile, PackageNotFoundError, XMLSyntaxError, KeyError, RuntimeError, EOFError) as error:
        raise ValueError("the Word document is damaged, protected or incomplete") from error


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
