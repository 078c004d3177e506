"""Pages: a plan as one, and the site."""

from __future__ import annotations

from sigctl.report.html.plan import plan_html

__all__ = ["plan_html"]
