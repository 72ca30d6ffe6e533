# Puts the three programs, ONNX Runtime and the default model into one image. The index is a volume.
#
#     docker build --tag cloze .
#     docker run --rm -v "$PWD/docs:/docs:ro" -v cloze-index:/index --entrypoint indexer cloze build /docs --index /index
#     docker run --rm -v cloze-index:/index:ro -p 127.0.0.1:8080:8080 cloze
#
# docs/operations.md explains more.

# The version of rust-toolchain.toml. .dockerignore excludes that file, because this image has no other version.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# The layers that change least come first and stay in the builder's cache. The script checks every file by SHA-256.
COPY models/provision.py models/multilingual_e5.py models/
RUN python3 models/provision.py --into /opt/cloze/lib/cloze
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked \
 && install -D --mode=755 --target-directory=/opt/cloze/bin \
      target/release/indexer target/release/query target/release/server

# The programs need the C library of the Debian release on which they were built, or a newer one.
FROM debian:bookworm-slim
RUN groupadd --gid 10001 cloze \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin cloze \
 && install -d --owner=cloze --group=cloze /index /var/cache/cloze /var/lib/cloze
COPY --from=build /opt/cloze /opt/cloze
ENV PATH=/opt/cloze/bin:$PATH CLOZE_CACHE=/var/cache/cloze
USER 10001:10001
WORKDIR /
VOLUME ["/index"]
EXPOSE 8080
# The server listens once the index is open, and waits up to a second for the model.
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s CMD ["bash", "-c", "</dev/tcp/127.0.0.1/8080"]
# Docker adds options after the image's name to these.
ENTRYPOINT ["server", "--index", "/index", "--listen", "0.0.0.0:8080"]
