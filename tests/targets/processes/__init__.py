"""Tests of the processes target."""
