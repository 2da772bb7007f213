#!/bin/sh
# Install Lacuna, editable, and what it needs into the environment of a Python: exact versions, and no file but those whose
# SHA-256 stands in requirements/.
#   sh workflow/install.sh PYTHON all|run
set -eu
python=$1
what=$2
cd "$(dirname "$0")/.."

# Nothing is resolved, as the lists are whole, and nothing is built with tools that are fetched for it.
install() {
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-warn-script-location \
        --no-deps --no-build-isolation "$@"
}

install --require-hashes --requirement requirements/build.txt
install --require-hashes --requirement requirements/torch-cpu.txt 2>/dev/null ||
    install --require-hashes --requirement requirements/torch.txt
install --require-hashes --requirement "requirements/$what.txt"
install --editable .
