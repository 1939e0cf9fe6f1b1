"""The operators of a rollout, one file each."""
