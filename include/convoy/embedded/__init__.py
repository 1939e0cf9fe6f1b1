"""Airflow on one machine, for a first look, for development and for tests: started once, reused, stopped wholly.

``convoy up`` runs the four Airflow processes under a launcher of our own. ``airflow standalone`` would start the same
four, but leaves them behind when it is terminated, listens on every interface, and takes the well-known ports.

Four small programs and one library::

    Embedded.up()  ──starts──>  monitor  ──owns──>  api-server, scheduler, dag-processor, triggerer
                                   └──starts──>  guardian   kills what is left of the session when the monitor dies

Nothing here imports Airflow: it is run, not loaded.
"""

from convoy.embedded.errors import EmbeddedError, NotStarted, PortTaken, SettingsDiffer, StillRunning
from convoy.embedded.health import Health
from convoy.embedded.instance import Embedded

__all__ = ["Embedded", "EmbeddedError", "Health", "NotStarted", "PortTaken", "SettingsDiffer", "StillRunning"]
