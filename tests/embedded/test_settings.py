"""The settings of the embedded Airflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convoy.embedded import Embedded, EmbeddedError
from convoy.embedded.home import Home
from convoy.embedded.settings import airflow_settings, convoy_bundle, ignored_settings, process_environment


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    found = Home(tmp_path)
    found.make()
    return found


def test_settings_of_another_airflow_do_not_reach_this_one() -> None:
    """Connections and variables do; they are for the tasks."""
    caller = {
        "AIRFLOW__CORE__EXECUTOR": "X",
        "AIRFLOW_HOME": "/x",
        "AIRFLOW_CONN_DB": "y",
        "OTHER": "z",
        "PATH": "/bin",
    }
    found = process_environment({}, caller)
    assert "AIRFLOW__CORE__EXECUTOR" not in found
    assert "AIRFLOW_HOME" not in found
    assert (found["AIRFLOW_CONN_DB"], found["OTHER"]) == ("y", "z")
    assert ignored_settings(caller) == ["AIRFLOW_HOME", "AIRFLOW__CORE__EXECUTOR"]


def test_tasks_never_use_a_proxy_for_the_api() -> None:
    """And what the caller excluded stays excluded."""
    found = process_environment({}, {"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"})
    assert found["NO_PROXY"].split(",") == ["example.com", "127.0.0.1", "localhost"]


def test_two_homes_share_no_folder_and_no_port(tmp_path: Path) -> None:
    """Also not the folder of the bundles, which by default is one for the whole machine."""
    homes = [Home(tmp_path / "a"), Home(tmp_path / "b")]
    for home in homes:
        home.make()
    first, second = (airflow_settings(home, [], tmp_path) for home in homes)
    different = {name for name in first if first[name] != second[name]}
    assert {
        "AIRFLOW_HOME",
        "CONVOY_HOME",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    } <= different


def test_the_bundle_publishes_the_given_manifests(home: Home) -> None:
    """The setting is JSON, as Airflow reads it."""
    settings = airflow_settings(home, [convoy_bundle(Path("/m"), Path("/d"))], Path("/p"))
    (bundle,) = json.loads(settings["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert bundle["classpath"] == "convoy.airflow.bundle.ConvoyBundle"
    assert (bundle["kwargs"]["manifests"], bundle["kwargs"]["dags"]) == ("/m", "/d")


def test_manifests_that_do_not_exist_are_a_clear_error(tmp_path: Path) -> None:
    """Before anything is started."""
    with pytest.raises(EmbeddedError, match="no manifests at"):
        Embedded(tmp_path / "home", manifests=tmp_path / "nowhere").up()


def test_before_the_first_start_there_is_no_address(tmp_path: Path) -> None:
    """And the error says how to get one."""
    with pytest.raises(EmbeddedError, match="convoy up"):
        _ = Embedded(tmp_path / "home").url
