"""Text files (plain or Markdown): the characters as they are, in whatever encoding they were saved."""

from __future__ import annotations

import codecs
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Letters are English; of the legacy encodings only those that office software writes are considered.
_CANDIDATES = ["cp1252", "mac_roman", "utf_16_le", "utf_16_be"]
# All but the characters that every letter consists of.
_UNUSUAL = re.compile(r"[^\x20-\x7e\t\n\r\f\v\x1a]")


def decode(data: bytes) -> str:
    """Return the text of ``data``, its encoding detected (byte order mark, UTF-8, then by likelihood).

    Raises ``ValueError`` with a reason where the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return _checked(data.decode(encoding))
            except UnicodeDecodeError as error:
                raise ValueError(f"the text is damaged: it announces {encoding} and is not") from error
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    except ValueError:
        # Valid UTF-8 full of NUL characters may be UTF-16 without a mark.
        if b"\x00" not in data:
            raise
    return _checked(_guess(data))


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    if data.count(b"\x00") * 4 > len(data):
        encoding = "utf_16_le" if data[1:200:2].count(0) > data[0:200:2].count(0) else "utf_16_be"
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise ValueError("the file is binary, not text") from error
    best = from_bytes(data, cp_isolation=_CANDIDATES).best()
    if best is None:
        raise ValueError("the encoding of the text is not recognised; save it as UTF-8")
    return str(best)


def _checked(text: str) -> str:
    """Refuse what decodes but cannot be a letter: control characters stand in binary files only."""
    sample = text[:200_000]
    strange = sum(1 for c in _UNUSUAL.findall(sample) if unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs"))
    if strange > len(sample) // 100:
        raise ValueError("the file is binary or in an unknown encoding, not text; save it as UTF-8")
    return text
