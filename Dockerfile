# Web and worker, one image: web by default, the worker by `python -m api.worker`, the store's
# indexes by `python -m dupi.store indexes`. It holds no secret; compose.yaml says what it is given.

FROM python:3.11.15-slim-bookworm AS packages

COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv --without-pip /opt/dupi \
    && python -m pip --python /opt/dupi/bin/python install \
        --no-cache-dir --no-deps --only-binary :all: --disable-pip-version-check \
        --requirement /tmp/runtime.txt


FROM python:3.11.15-slim-bookworm

# What installs packages has no place where nothing is installed any more.
RUN python -m pip uninstall --yes --root-user-action ignore pip setuptools wheel \
    && groupadd --gid 10001 dupi \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin dupi

ENV PATH=/opt/dupi/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DUPI_HOST=0.0.0.0

COPY --from=packages /opt/dupi /opt/dupi
WORKDIR /app
COPY dupi/ dupi/
COPY schema/ schema/
COPY api/ api/
RUN python -m compileall -q api dupi schema

USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-m", "api.healthcheck", "web"]
CMD ["python", "-m", "api.main"]
