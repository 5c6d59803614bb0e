"""One module per family of resources: `describe(change)` says in words what changes, with the risk rules it meets."""
