# UNTESTED as a whole: no Docker daemon was at hand. Its commands were run, one by one, in a bare Debian 12.
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
