"""What can go wrong with the embedded Airflow.

::

    EmbeddedError
     +-- PortTaken        a port that this Airflow keeps is used by somebody else
     +-- SettingsDiffer   it runs already, with other settings
     +-- NotStarted       a component did not come up in time, or does not stay up
     +-- StillRunning     processes that survive being killed
"""

from __future__ import annotations


class EmbeddedError(Exception):
    """The embedded Airflow could not be started, stopped or asked."""


class PortTaken(EmbeddedError):
    """A port that this Airflow keeps from run to run is in use."""


class SettingsDiffer(EmbeddedError):
    """An Airflow runs in this folder, but with other settings than those asked for."""


class NotStarted(EmbeddedError):
    """Airflow is not there, did not come up in time, or does not stay up."""


class StillRunning(EmbeddedError):
    """Processes that are still there after they were killed."""
