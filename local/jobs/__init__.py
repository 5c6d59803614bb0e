"""Jobs and their runs: the API, the orchestrator, one runner per kind of task."""
