"""Colours, letters and measures that the HTML file and the picture share."""

from __future__ import annotations

from scripts.words import Tone

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, GREY, LINE, PAPER, TILE = "#1b1f24", "#59636e", "#d9dee3", "#f3f5f7", "#ffffff"
SERIES = ("#2f6db5", "#d98014", "#3f9254", "#8a56ac", "#c2453d", "#5b7083")

# Letters on ground: dark enough on their own light ground for a contrast of more than 4.5.
TONES: dict[Tone, tuple[str, str]] = {
    "bad": ("#a40e26", "#ffe2e0"),
    "warn": ("#7a4b00", "#fff1c9"),
    "good": ("#116329", "#dcf5e3"),
    "": (INK, TILE),
}

WIDTH = 1240
MARGIN = 24
GAP = 16
PADDING = 16
