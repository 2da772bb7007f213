# Lacuna in a container: what is made, and what Snakemake keeps of it, lies in the folder that is mounted at /work.
#   docker build --tag lacuna .
#   docker run --rm --read-only --tmpfs /tmp --user "$(id -u):$(id -g)" --volume "$PWD:/work" lacuna
# UNTESTED with Docker: built and run with buildah only, as another user, on a Debian 12 with Python 3.11 in place of the base image.
# NOT PINNED: no registry was in reach to ask for this image's digest. `make base-image` writes it here.
FROM python:3.11-slim-bookworm
WORKDIR /lacuna
COPY pyproject.toml README.md Snakefile ./
COPY requirements requirements
COPY workflow workflow
RUN sh workflow/install.sh python run
COPY config config
COPY envs envs
COPY profiles profiles
COPY resources resources
# Any user will do: nothing below /lacuna is written to, and whoever has no home has /tmp.
ENV HOME=/tmp USER=lacuna PYTHONDONTWRITEBYTECODE=1
RUN mkdir --mode=1777 /work
WORKDIR /work
VOLUME /work
USER 10001:10001
ENTRYPOINT ["snakemake", "--snakefile", "/lacuna/Snakefile"]
CMD ["--cores", "all", "--configfile", "/lacuna/config/config.yaml"]
