"""Convoy: roll out many services as one coordinated change, on Apache Airflow."""

__version__ = "0.1.0"
