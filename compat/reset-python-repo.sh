#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# reset-python-repo.sh as python-wasi had it. Builds happen in copies, so a source tree is never
# changed; what can differ is the cache, and krait build-python reset looks at that.
compat=$(dirname -- "$(readlink -f -- "$0")") || exit 1
usage_text='usage: reset-python-repo.sh

Leaves of all sources only archives that are as they were downloaded. A source tree of yours
(PYTHON_DIR of run.sh, --source of krait build-python) is not touched: builds work on copies.'
. "$compat/common.sh"

[ $# -eq 0 ] || help_asked "$1"
[ $# -eq 0 ] || wrong "it takes no arguments"
find_krait
exec "$krait" build-python reset
