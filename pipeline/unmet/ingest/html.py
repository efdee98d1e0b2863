"""Text of an HTML page, by lxml: block elements and table cells apart, scripts and styles left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset(["script", "style", "noscript", "template", "head", "svg", "object", "iframe"])


def html_text(data: bytes) -> str:
    """Return the text a reader of the page would see, one line per block.

    Raises ``ValueError`` with a reason where nothing can be parsed.
    """
    from lxml import etree
    from lxml import html as parser

    from unmet.ingest.plain import decode

    try:
        # Decoded first: lxml assumes Latin-1 where a page declares no encoding.
        root = parser.document_fromstring(_without_declaration(decode(data)), parser=parser.HTMLParser(huge_tree=True))
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise ValueError("the HTML page is empty or cannot be parsed") from error
    parts: list[str] = []
    _walk(root, parts)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _without_declaration(text: str) -> str:
    """Drop an XML declaration: lxml refuses one that names an encoding in text already decoded."""
    stripped = text.lstrip()
    if stripped.startswith("<?xml"):
        return stripped.partition("?>")[2]
    return text


def _walk(element: _Element, parts: list[str]) -> None:
    # An explicit stack: hostile pages nest deeper than Python recurses.
    stack: list[tuple[_Element | str, bool]] = [(element, False)]
    while stack:
        node, closing = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if closing:
            if tag in _BLOCKS:
                parts.append("\n")
            continue
        if not tag or tag in _SILENT:
            continue
        if tag in _BLOCKS:
            parts.append("\n")
        stack.append((node, True))
        for child in reversed(node):
            if child.tail:
                stack.append((child.tail.replace("\n", " "), False))
            stack.append((child, False))
        if node.text:
            stack.append((node.text.replace("\n", " "), False))
