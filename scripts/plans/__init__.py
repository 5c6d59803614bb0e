"""`ecom plan`: what a deploy would do, kept for review together with what it was computed from."""
