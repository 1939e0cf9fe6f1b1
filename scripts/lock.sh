#!/usr/bin/env bash
# Makes the lock files again from the requirements: every package of the tree, for Python 3.10 to 3.13, with hashes.
# Needs a network; uses uv from a throw-away environment. Run by `make lock`. What is locked stays as it is unless a
# requirement says otherwise; delete the lock files first to take the newest of everything.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "lock: fetching uv into a throw-away environment"
"$python" -m venv "$scratch/uv"
"$scratch/uv/bin/pip" install --quiet --disable-pip-version-check uv

# Nothing of this machine may end up in a lock: no index address, no folder of wheels.
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_FIND_LINKS UV_INDEX_URL UV_DEFAULT_INDEX

# Production first, and the others within its versions: what the tests run with is what production gets.
: >"$scratch/production.txt"
for name in requirements-production requirements requirements-dev; do
    echo "lock: $name.lock"
    if [ -e "$name.lock" ]; then cp "$name.lock" "$scratch/out.lock"; else rm -f "$scratch/out.lock"; fi
    "$scratch/uv/bin/uv" pip compile --universal --python-version 3.10 --generate-hashes --quiet \
        --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
        --constraint "$scratch/production.txt" "$name.txt" -o "$scratch/out.lock" >/dev/null
    {
        echo "# Made by \`make lock\` from $name.txt; do not edit."
        echo "# Every package of the tree, for Python 3.10 to 3.13, with hashes."
        cat "$scratch/out.lock"
    } >"$name.lock"
    if [ "$name" = requirements-production ]; then
        sed -n 's/^\([A-Za-z0-9._-]*==[^\\]*\)\\$/\1/p' "$name.lock" >"$scratch/production.txt"
    fi
done
