# The keeper, and nothing that it does not need: no compiler, no package manager's cache, no Node, no demo.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/base.txt requirements/build.txt requirements/
# The secret is an extra certificate for builds behind a TLS-inspecting proxy, and empty elsewhere.
RUN --mount=type=secret,id=ca,target=/run/secrets/ca.pem \
    if [ -s /run/secrets/ca.pem ]; then export PIP_CERT=/run/secrets/ca.pem; fi \
    && python -m venv /opt/build && python -m venv /opt/keeper \
    && /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
    && /opt/keeper/bin/pip install --require-hashes -r requirements/base.txt
COPY pyproject.toml LICENSE ./
COPY keeper keeper
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
    && /opt/keeper/bin/pip install --no-deps --no-index /wheel/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="keeper" \
      org.opencontainers.image.description="An off-chain risk keeper for on-chain option vaults" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --system --gid 10001 keeper \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/keeper --create-home --shell /usr/sbin/nologin keeper
COPY --from=build /opt/keeper /opt/keeper
ENV PATH=/opt/keeper/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    KEEPER_JOURNAL=/var/lib/keeper/keeper.db \
    KEEPER_POLICIES=/etc/keeper/policies \
    KEEPER_METRICS_HOST=0.0.0.0 \
    KEEPER_METRICS_PORT=9464
# The uid is a number and fixed, so that a volume's and a secret's owner can be set before the first start.
USER 10001:10001
WORKDIR /var/lib/keeper
VOLUME ["/var/lib/keeper"]
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['KEEPER_METRICS_PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["keeper"]
# Dry run: it decides and tells, and sends nothing. Sending is `run --live`.
CMD ["run"]
