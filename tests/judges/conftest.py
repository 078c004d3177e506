"""The worlds that the adapters' own tests play in serve the judges too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "forges"))
