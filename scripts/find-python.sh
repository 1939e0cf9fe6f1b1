#!/usr/bin/env bash
# Prints the first Python from 3.10 to 3.13 that really runs and can make an environment; nothing if there is none.
for name in python3.13 python3.12 python3.11 python3.10 python3 python; do
    path=$(command -v "$name") || continue
    if "$path" -c 'import sys, venv, ensurepip, sqlite3; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        echo "$path"
        exit 0
    fi
done
exit 0
