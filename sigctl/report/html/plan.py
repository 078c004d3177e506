"""A plan as one HTML page that loads nothing."""

from __future__ import annotations

import io

from rich.console import Console

from sigctl.core.plan import Plan
from sigctl.report.text import plan_text

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>sigctl plan</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body {{ color: {foreground}; background: {background}; }} {stylesheet}</style></head>
<body><main><pre>{code}</pre></main></body></html>
"""


def plan_html(plan: Plan) -> str:
    """Return the plan as a page; everything that comes from forges and files is escaped."""
    console = Console(record=True, width=160, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(plan_text(plan))
    return console.export_html(code_format=_PAGE, inline_styles=False)
