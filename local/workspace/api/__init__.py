"""The REST API, one module for each kind of object; each offers `routes(services)`."""
