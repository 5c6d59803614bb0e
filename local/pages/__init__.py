"""Pages for people: what is here, what runs, what is wrong; server-rendered, without script."""
