# SPDX-License-Identifier: Apache-2.0
# host.sh address|thread: builds the host's parts and their tests with sanitizers, and runs
# them; with address the hostile guests as well, whose interpreter is the one that is built
# without: a sanitizer watches the host, the guest is watched by its sandbox.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
kind=$1
build=$KRAIT_BINARY_DIR/sanitize-$kind
case $kind in
address) sanitize=address,undefined which='^(base|engine|vfs|wasi|api|pool)$' ;;
thread) sanitize=thread which='^(engine|wasi|api|pool)$' only=thread ;;
*) echo "host.sh address|thread"; exit 2 ;;
esac

cmake -S "$KRAIT_SOURCE_DIR" -B "$build" -G "Unix Makefiles" -DKRAIT_GUEST=OFF -DKRAIT_SANITIZE="$sanitize" \
    -DKRAIT_TEST_RUNTIME="$KRAIT_RUNTIME_TREE" \
    -DCMAKE_C_COMPILER="$KRAIT_TEST_CC" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O1 -g" >"$T/log" 2>&1 &&
    cmake --build "$build" --parallel 2 >>"$T/log" 2>&1 || {
    tail -n 30 "$T/log"
    failed "the build with -fsanitize=$sanitize"
}
# ThreadSanitizer holds asynchronous signals back until a thread calls the system, so what
# ends guests that loop, or cancels them, cannot be tried under it.
TSAN_OPTIONS=suppressions=$KRAIT_SOURCE_DIR/tests/sanitize/tsan.supp
export TSAN_OPTIONS
ctest --test-dir "$build" -L "$which" ${only:+-R "$only" -E 'limits|cancelled-at-any-time'} --no-tests=error -j 2 --output-on-failure >"$T/out" 2>&1
same "the tests of the host" $? 0
# What failed printed its output above the summary.
grep -v -e ' Passed ' -e '^ *Start ' "$T/out" | tail -n 400
if [ "$kind" = address ]; then
    KRAIT_RUNTIME=$KRAIT_RUNTIME_TREE
    export KRAIT_RUNTIME
    python3 "$KRAIT_SOURCE_DIR/tests/hostile/run.py" "$build/bin/krait" >"$T/out" 2>&1
    same "the hostile guests" $? 0
    grep -v '^passed' "$T/out"
fi
finish
