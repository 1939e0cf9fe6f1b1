"""One suite of promises that every target keeps, and reference implementations of the contracts."""
