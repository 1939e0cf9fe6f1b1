"""The mapping onto Apache Airflow: published rollouts become DAGs."""
