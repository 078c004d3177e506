"""The files people write: read, checked, resolved to what each forge should hold."""

from __future__ import annotations

from sigctl.spec.config import Config, Files, Finding
from sigctl.spec.model import ForgeConfig, Spec
from sigctl.spec.read import read
from sigctl.spec.resolve import Resolved, resolve

__all__ = ["Config", "Files", "Finding", "ForgeConfig", "Resolved", "Spec", "read", "resolve"]
