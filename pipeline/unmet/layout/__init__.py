"""LetterText to sections, header fields and requests: which part of the letter is this character in?"""

from unmet.layout.model import Layout, RequestParts, Section
from unmet.layout.parse import parse_layout

__all__ = ["Layout", "RequestParts", "Section", "parse_layout"]
