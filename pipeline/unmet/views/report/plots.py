"""The plots of the corpus report: Vega-Lite specifications (``plots/``), drawn beforehand and drawn again for a filter.

Vega-Lite and vl-convert are the Vega project's own. vl-convert compiles a specification and draws it as SVG without a browser or
network, and hands out Vega as one script, which the page has inside it. Vega then interprets its expressions (``ast``) and
evaluates nothing, so that the page can forbid that. Colours are the page's custom properties: a plot follows its theme.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import vl_convert
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VEGA_LITE = "6.4"


class Plot(NamedTuple):
    """A plot: drawn, and as a Vega specification whose data set ``rows`` the page fills."""

    svg: Markup
    specification: dict[str, Any]


def plot(name: str, rows: Sequence[Mapping[str, object]]) -> Plot:
    """Draw ``rows`` by the specification ``name``; nothing of no rows."""
    specification = _compiled(name)
    if not rows:
        return Plot(Markup(""), specification)
    drawn = {**specification, "data": [_filled(one, rows) for one in specification["data"]]}
    return Plot(Markup(vl_convert.vega_to_svg(drawn)), specification)


@cache
def vega() -> str:
    """Return Vega and vega-embed as a script that sets ``vegaEmbed``."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


@cache
def _compiled(name: str) -> dict[str, Any]:
    specification = {**_read("base"), **_read(name), "data": {"name": "rows"}}
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(specification, vl_version=_VEGA_LITE)
    return compiled


def _filled(data: dict[str, Any], rows: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    return {**data, "values": list(rows)} if data["name"] == "rows" else data


def _read(name: str) -> dict[str, Any]:
    text = files("unmet.views.report").joinpath("plots", f"{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read
