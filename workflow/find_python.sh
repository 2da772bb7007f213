#!/bin/sh
# Print the Python that .venv is to be made with, or say what is missing.
for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
            echo "$python"
            exit 0
        fi
        echo "Lacuna: $python has no venv module. On Debian or Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
done
echo "Lacuna needs Python 3.11 or newer, and found none among: ${PYTHON:-python3 python3.13 python3.12 python3.11}." >&2
echo "Install one, or name it: make PYTHON=/path/to/python3.11 demo" >&2
exit 1
