#!/bin/sh
# Write constraints.txt and requirements/: exact versions, and the SHA-256 of each file that PyPI has of them, for every platform.
#   sh workflow/pin.sh UV            of the versions that constraints.txt names, and of what pyproject.toml has asked for since
#   sh workflow/pin.sh UV --upgrade  of the newest versions that pyproject.toml allows
set -eu
uv=$1
upgrade=${2:-}
cd "$(dirname "$0")/.."
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT

# 3.11 is the oldest Python that pyproject.toml allows; a package that wants a newer one gets a line for each.
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"
}

pins() {
    sed -n 's/^\([A-Za-z][^ ]*==.*[^ \\]\) *\\*$/\1/p' "$@" | LC_ALL=C sort -u
}

# What only torch needs: everybody would install CUDA otherwise, also beside the CPU build.
without_torch() {
    awk '/^[a-z]/ {left = /^(torch==|triton==|cuda-|nvidia-)/} !left' "$1"
}

keep() { # FILE what it is
    { printf '# %s\n# Written by make constraints, installed by workflow/install.sh.\n' "$2"; cat "$made/$1"; } >"$made/new"
    mv "$made/new" "requirements/$1.txt"
}

mkdir -p requirements
touch "$made/pins" "$made/tool-pins"
if [ -z "$upgrade" ]; then
    pins constraints.txt >"$made/pins"
    [ ! -f requirements/tools.txt ] || pins requirements/tools.txt >"$made/tool-pins"
fi
echo setuptools >"$made/setuptools"
compile pyproject.toml "$made/setuptools" --all-extras --constraint "$made/pins" >"$made/everything"
pins "$made/everything" >"$made/pins"
compile pyproject.toml --extra slurm --constraint "$made/pins" >"$made/a-run"
compile "$made/setuptools" --constraint "$made/pins" >"$made/build"
echo torch | compile - --constraint "$made/pins" >"$made/torch"
# The CPU build is not on PyPI: its wheels lie in the folder where pip finds links, or else on PyTorch's page.
torch=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' "$made/pins")+cpu
if [ -d "${PIP_FIND_LINKS:-}" ]; then
    printf 'torch==%s' "$torch" >"$made/torch-cpu"
    sha256sum "$PIP_FIND_LINKS/torch-$torch-"*.whl | sort | while read -r sum _; do
        printf ' \\\n    --hash=sha256:%s' "$sum" >>"$made/torch-cpu"
    done
    echo >>"$made/torch-cpu"
else
    echo "torch==$torch" |
        compile - --no-deps --find-links https://download.pytorch.org/whl/cpu/torch/ >"$made/torch-cpu"
fi
compile --group pyproject.toml:tools --constraint "$made/tool-pins" >"$made/tools"
without_torch "$made/everything" >"$made/all"
without_torch "$made/a-run" >"$made/run"

keep build "What Lacuna is built with, and what PyPI has as source alone."
keep torch "torch as PyPI has it, with CUDA on Linux, and what it needs."
keep torch-cpu "torch's CPU build, which PyPI has not. Tried first: where pip finds no wheel with a hash of these, torch.txt is taken."
keep run "What a run needs, also on SLURM, less torch and what single stages need."
keep all "What make installs, less torch: every stage, tests and documentation."
keep tools "What make constraints and make audit use, in a place of their own."
{ echo "# Exact versions that Lacuna is tested with. Written by make constraints; hashes are in requirements/, ranges in pyproject.toml."
  cat "$made/pins"; } >"$made/new"
mv "$made/new" constraints.txt
