"""From specs to CDKTF constructs, one module per kind of resource.

Nothing else of the platform, but the parts, the stack and main, knows CDKTF.
"""
