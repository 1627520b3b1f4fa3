# Rasad as a container: docker build -t rasad . (with --build-arg RASAD_TORCH_INDEX_URL=... for torch's CPU build)
FROM python:3.11-slim AS build
ARG RASAD_TORCH_INDEX_URL=""
ARG RASAD_EXTRAS="[mcp]"
WORKDIR /src
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE NOTICE constraints.txt ./
COPY service service
COPY seeds seeds
RUN python -m venv /opt/rasad \
    && /opt/rasad/bin/pip install --no-cache-dir -c constraints.txt \
        ${RASAD_TORCH_INDEX_URL:+--extra-index-url "$RASAD_TORCH_INDEX_URL"} ".$RASAD_EXTRAS"

FROM python:3.11-slim
COPY --from=build /opt/rasad /opt/rasad
RUN useradd --system --uid 10001 --home-dir /data rasad \
    && install -d -o rasad -g rasad -m 0750 /data
ENV PATH=/opt/rasad/bin:$PATH \
    HOME=/data \
    NUMBA_CACHE_DIR=/tmp/numba \
    RASAD_INDEXES=/data \
    RASAD_HOST=0.0.0.0 \
    RASAD_LOG=json \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME /data
EXPOSE 8077
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8077/ready', timeout=4)"]
ENTRYPOINT ["rasad"]
CMD ["serve"]
