# One image for all of Airflow's components: the official image (its entrypoint, its system libraries, its user), with
# exactly the packages of the lock, which are what was tested, in an environment of their own.
FROM apache/airflow:3.3.2-python3.12

USER root
RUN install -d -o airflow -g 0 -m 0775 /opt/convoy /opt/convoy/home /opt/convoy/private
USER airflow

ENV VIRTUAL_ENV=/opt/convoy/venv PIP_USER=false PIP_NO_CACHE_DIR=1
ENV PATH=/opt/convoy/venv/bin:$PATH

COPY --chown=airflow:0 requirements-production.lock /opt/convoy/
RUN python -m venv /opt/convoy/venv && pip install --require-hashes -r /opt/convoy/requirements-production.lock

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/convoy/source/
COPY --chown=airflow:0 include/convoy /opt/convoy/source/include/convoy
RUN pip install --no-deps --no-build-isolation /opt/convoy/source && rm -r /opt/convoy/source

COPY --chown=airflow:0 dags /opt/convoy/dags
COPY --chown=airflow:0 plugins /opt/convoy/plugins
