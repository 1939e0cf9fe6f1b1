"""The ``convoy`` command."""
