"""From an Airflow connection, or a kubeconfig file, to a client of the ``kubernetes`` package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convoy.targets.base import Refused
from convoy.targets.connections import Connection
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.watches import Watches

_GUARD = threading.Lock()
"""Loading a configuration goes through state that the ``kubernetes`` package shares."""


def from_kubeconfig(path: str, context: str | None) -> Any:
    """A client from a kubeconfig file. Raises Refused."""
    import yaml
    from kubernetes import client, config

    configuration = _configuration()
    try:
        config.load_kube_config(
            config_file=str(Path(path).expanduser()), context=context, client_configuration=configuration
        )
    except (config.ConfigException, OSError) as error:
        raise Refused(f"the kubeconfig {path} cannot be used: {error}") from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        # Neither its text nor its trace: what cannot be read is quoted there, secrets included.
        raise Refused(f"the kubeconfig {path} cannot be used: it cannot be read ({type(error).__name__})") from None
    return client.ApiClient(configuration)


def from_connection(connection: Connection, context: str | None) -> Any:
    """A client the way the provider's hook makes it: in the cluster, from a file, or from the connection itself."""
    found = connection.get()
    import yaml
    from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
    from airflow.sdk.exceptions import AirflowException
    from kubernetes import config

    extras = dict(found.extra_dejson or {})
    hook = KubernetesHook(conn_id=connection.connection_id, cluster_context=context)
    # The connection is looked up already; the hook's own way does not work in the triggerer's threads.
    hook.__dict__["conn_extras"] = extras
    if not (extras.get("in_cluster") or extras.get("extra__kubernetes__in_cluster")):
        # Otherwise the package's default changes for every other cluster in this process.
        hook.client_configuration = _configuration()
    try:
        with _GUARD:
            return hook.get_conn()
    except (
        config.ConfigException,
        AirflowException,
        yaml.YAMLError,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        # Neither its text nor its trace: they may quote the connection.
        raise Refused(
            f"the Airflow connection {connection.connection_id!r} cannot be used ({type(error).__name__}): it has to "
            "be of type kubernetes, with one of in_cluster, kube_config_path, kube_config"
        ) from None


def _configuration() -> Any:
    """Without tries of urllib3's own: whoever asks decides whether and when to ask again."""
    from kubernetes import client

    configuration = client.Configuration()
    configuration.retries = False
    return configuration


_SHARED: dict[tuple[object, ...], tuple[Client, Watches]] = {}


def shared(key: tuple[object, ...], connect: Callable[[], Any], timeout: float) -> tuple[Client, Watches]:
    """The client of this process for a cluster, and its watches: a thousand gates need no thousand connections."""
    with _GUARD:
        if key not in _SHARED:
            client = Client(connect, timeout)
            _SHARED[key] = (client, Watches(client))
        return _SHARED[key]
