"""The explorer's pages: templates with everything escaped, and the words they use."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response
from markupsafe import Markup, escape

from unmet.knowledge import load_yaml
from unmet.serve.search import pattern, terms
from unmet.views.letter_page import behaviour, stylesheet
from unmet.views.wording import BASIS, OUTCOME, STATUS, UNCERTAIN, heading, label, meaning, one_line, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#1b2330"/>'
    '<path d="M9 9l14 14M23 9L9 23" stroke="#fffefb" stroke-width="4" stroke-linecap="round"/></svg>'
)


@cache
def static_files() -> dict[str, tuple[str, bytes]]:
    """Return what pages load, by name: media type and content. Nothing else is ever served from disk."""
    own = files("unmet.serve").joinpath("templates")
    return {
        "letter.css": ("text/css", stylesheet().encode()),
        "letter.js": ("text/javascript", behaviour().encode()),
        "explorer.css": ("text/css", own.joinpath("explorer.css").read_bytes()),
        "explorer.js": ("text/javascript", own.joinpath("explorer.js").read_bytes()),
        "icon.svg": ("image/svg+xml", _ICON.encode()),
    }


def page(template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> Response[str]:
    """Return a page."""
    content = _environment().get_template(template).render(values)
    return Response(content, status_code=status, media_type=MediaType.HTML, headers=dict(headers or {}))


def marked(text: str, words: str | None) -> Markup:
    """Return a text as HTML on one line with what was searched for marked."""
    plain = one_line(text)
    wanted = [pattern(term) for term in terms(words)]
    if not wanted:
        return escape(plain)
    found = re.split(f"({'|'.join(wanted)})", plain, flags=re.IGNORECASE)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if place % 2 else escape(part) for place, part in enumerate(found)
    )


def query(path: str, values: Mapping[str, Any]) -> str:
    """Return an address with the values that are known."""
    known = {name: str(value) for name, value in values.items() if value is not None}
    return f"{path}?{urlencode(known)}" if known else path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("unmet.serve"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "heading": heading,
        "label": label,
        "meaning": meaning,
        "one_line": one_line,
        "percent": percent,
        "marked": marked,
        "query": query,
        "count": lambda number: f"{number:,}",
    }
    environment.globals |= {
        "BASIS": BASIS,
        "OUTCOME": OUTCOME,
        "STATUS": STATUS,
        "UNCERTAIN": UNCERTAIN,
        "FAMILIES": sorted(load_yaml("taxonomy.yaml")["treatment_family"]),
        "CRITERIA": sorted(load_yaml("taxonomy.yaml")["criterion_type"]),
    }
    return environment
