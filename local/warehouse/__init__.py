"""SQL warehouses of a local workspace: the Thrift protocol and the Statement Execution API."""
