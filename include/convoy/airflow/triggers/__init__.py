"""The triggers of a rollout: everything that waits."""
