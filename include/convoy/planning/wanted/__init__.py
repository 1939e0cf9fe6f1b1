"""The least change set for wanted versions: which other components have to change, to which version, and why."""
