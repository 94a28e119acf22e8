# SPDX-License-Identifier: Apache-2.0
# For tests of recipes/fetch: a cache, a folder that plays upstream, locks of one line.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
unset KRAIT_SOURCES KRAIT_OFFLINE KRAIT_JOBS KRAIT_RECIPES WASI_SDK_PATH CC AR NM RANLIB BUILD_CC \
    KRAIT_APT_HELPER http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
for tool in flock setsid sha256sum; do
    command -v $tool >/dev/null || skip "no $tool"
done
fetch=$KRAIT_SOURCE_DIR/recipes/fetch
KRAIT_CACHE=$T/cache
KRAIT_APT_HELPER=/nonexistent
TMPDIR=$T
export KRAIT_CACHE KRAIT_APT_HELPER TMPDIR
src=$KRAIT_CACHE/src
up=$T/upstream
bin=$T/bin
lock=$T/lock
mkdir "$up" "$bin"
PATH=$bin:$PATH
export PATH

# A machine without a mirror, unless the test says otherwise.
printf '#!/bin/sh\nexit 100\n' >"$bin/apt-get"
chmod +x "$bin/apt-get"

sum() { sha256sum <"$1" | cut -d' ' -f1; }
size() { wc -c <"$1" | tr -d ' '; }

# make FILE [BYTES]: an archive with contents of its own.
make_file() {
    awk -v seed="$1" -v n="${2:-3000}" 'BEGIN { srand(length(seed))
        for (i = 0; i < n / 10; i++) printf "%09d\n", int(rand() * 1e9) }' >"$up/$1"
}

# A line of the lock: upstream only, the pool only, or both.
line_up() { printf '%s %s %s %s %s - - -\n' "$1" "$2" "$(sum "$up/$3")" "$(size "$up/$3")" "${4:-file://$up/$3}"; }
line_pool() { printf '%s %s - - - %s %s %s\n' "$1" "$2" "$(sum "$up/$3")" "$(size "$up/$3")" "$4"; }

# run_fetch ARG...: leaves $out, $err and $rc.
run_fetch() {
    "$fetch" --lock "$lock" "$@" >"$T/out" 2>"$T/err"
    rc=$?
    out=$(cat "$T/out")
    err=$(cat "$T/err")
}

# start_server: leaves $url; stop_server ends it.
start_server() {
    command -v python3 >/dev/null || skip "no python3"
    command -v curl >/dev/null || command -v wget >/dev/null || skip "neither curl nor wget"
    : >"$T/requests"
    python3 "$KRAIT_SOURCE_DIR/tests/recipes/server.py" "$up" "$T/port" "$T/requests" &
    server=$!
    trap 'kill $server 2>/dev/null; cleanup' EXIT
    waited=0
    while [ ! -f "$T/port" ] && [ $waited -lt 300 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
    url=http://127.0.0.1:$(cat "$T/port")
}
leftovers() { find "$src" -name '*.part' | sed 's:.*/::'; }
