# One image for all programs of ESTİM: `api` (default), `worker`, `migrate`, and every other `estim` command.
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /srv/estim

# Install the locked requirements first: they change less often than the code, so their layer stays cached.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md alembic.ini ./
COPY app app
COPY workers workers
COPY config config
COPY migrations migrations
COPY demo demo
RUN pip install --no-deps --no-build-isolation --editable . \
    && useradd --system --uid 10001 --home-dir /srv/estim --shell /usr/sbin/nologin estim \
    && mkdir /var/lib/estim \
    && chown estim:estim /var/lib/estim

USER estim

ENV ESTIM_HOST=0.0.0.0 \
    ESTIM_PORT=8000 \
    ESTIM_DATA_DIR=/var/lib/estim \
    ESTIM_LOG_FORMAT=json

EXPOSE 8000
VOLUME /var/lib/estim

# Only the API serves HTTP; the worker's service disables this check (see compose.yaml).
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]

ENTRYPOINT ["estim"]
CMD ["api"]
