# UNTESTED with Docker: built and run with buildah only, on a Debian 12 with Python 3.11 in place of the base image, which was
# out of reach.
FROM python:3.11-slim-bookworm
WORKDIR /lacuna
COPY pyproject.toml constraints.txt README.md Snakefile ./
COPY workflow workflow
COPY config config
COPY envs envs
COPY profiles profiles
COPY resources resources
RUN pip install --no-cache-dir --constraint constraints.txt --editable '.[slurm]'
# Mount a folder here to keep what is made.
VOLUME /lacuna/results
ENTRYPOINT ["snakemake"]
CMD ["--cores", "all"]
