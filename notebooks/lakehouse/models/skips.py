"""Reasons not to go on that are nobody's fault: there is too little trade to learn from."""

from __future__ import annotations


class SkipError(Exception):
    """There is nothing to learn from or to score yet; the message says what is missing."""
