"""Landing files: generated trade with a known truth, or real days brought into the same five sources."""
