"""The digest: which incidents to tell whom now, the mail that tells them, and what has been told."""
