#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build-python-project.sh as WADUP had it: a module of a project with pyproject.toml, its pure-Python dependencies
# inside.
compat=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")") || exit 1
usage_text='usage: build-python-project.sh PROJECT-FOLDER [OUTPUT-FOLDER]

Makes NAME.wasm of a project with pyproject.toml; the name is that of its folder, with "_" for each "-". The
output folder is target in the project. Prints its path. pip fetches dependencies.

Environment: as build-python-module.sh.'
. "$compat/common.sh"

case ${1:-} in
-?*)
    help_asked "$1"
    wrong "unknown option '$1'"
    ;;
esac
if [ $# -lt 1 ] || [ $# -gt 2 ]; then wrong "it takes a folder, and perhaps another one for the output"; fi
project=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P) || die "there is no folder '$1'"
[ -f "$project/pyproject.toml" ] || die "'$1' has no pyproject.toml"
take_wadup_root
make_module "${2:-$project/target}/$(basename -- "$project" | tr - _).wasm" -- "$project"
