"""The three parts of a stack, from what lives longest to what changes most."""
