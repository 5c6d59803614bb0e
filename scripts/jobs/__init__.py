"""Jobs by the name people say: run, follow, mend, pause, catch up."""
