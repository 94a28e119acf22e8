# SPDX-License-Identifier: Apache-2.0
#
# Brings what the tests recipes.python-* build from, besides the sources of the sandbox's own Python; a step
# of the build, so that the tests need no network. What cannot be had is said, and no reason to stop:
# the tests that want it say so again.
# Arguments: options for recipes/fetch, and the folder of the recipes as the last one.
set -u
for recipes; do :; done
options=
while [ $# -gt 1 ]; do
    options="$options $1"
    shift
done
case $(uname -m) in
x86_64) machine=amd64 ;;
aarch64) machine=arm64 ;;
*) machine= ;;
esac
# shellcheck disable=SC2086 # words
{
    for lock in "$recipes"/libpython/*/sources.lock; do
        "$recipes/fetch" $options --lock "$lock" python
    done
    [ -z "$machine" ] || "$recipes/fetch" $options binaryen-$machine
} >/dev/null
exit 0
