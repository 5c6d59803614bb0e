"""The real Online Retail days, which lie beside the repository where its developers work, and nowhere else."""

from __future__ import annotations

from pathlib import Path

DAYS = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail"
