#!/usr/bin/env bash
# Installs the Debian packages that some tests run against. Needs root, and a Debian or Ubuntu; can be run again at will.
# No service is started, now or at the next boot: the tests start the programs themselves, on free loopback ports.
set -euo pipefail

# One package per line, with the program that the tests need from it and what for. A package may install a service of the
# same name; list others that it brings in `services`.
packages=(
    prometheus # prometheus: tests/signals, PromQL against a real server
    postgresql # initdb, postgres: scripts/production_native.py, the production form without Docker
    redis-server # redis-server: the same
)
services=(
    prometheus
    postgresql
    redis-server
)

export DEBIAN_FRONTEND=noninteractive

missing=()
for package in "${packages[@]}"; do
    if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "test packages: all there (${packages[*]})"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "test packages: missing ${missing[*]}; run this script as root: sudo $0" >&2
    exit 1
fi

# A service that was there before keeps its settings; one that comes with a package now is to stay off.
new_services=()
for service in "${services[@]}"; do
    if [ ! -e "/lib/systemd/system/$service.service" ] && [ ! -e "/etc/init.d/$service" ]; then
        new_services+=("$service")
    fi
done

# Maintainer scripts ask policy-rc.d before they start anything: 101 says no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

echo "test packages: installing ${missing[*]}"
apt-get update -qq
apt-get install --yes --quiet --no-install-recommends "${missing[@]}"

for service in "${new_services[@]+"${new_services[@]}"}"; do
    if command -v systemctl >/dev/null; then
        systemctl disable --quiet "$service.service" 2>/dev/null || echo "test packages: no service $service to disable"
    fi
done
echo "test packages: installed ${missing[*]}"
