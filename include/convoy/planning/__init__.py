"""From a catalog and a change set to a proven plan. Pure: no Airflow, no network, no clock."""
