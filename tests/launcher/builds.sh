# SPDX-License-Identifier: Apache-2.0
# Failing and stopped builds: what is said, and that the next run continues.
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"

echo 'echo "krait: a step begins"; echo "[3/9] zlib: 4 s"; echo detail one; echo the reason; exit 3' >"$T/hook"
krait run x
same "a failed build ends with 125" "$rc" 125
has "lines for the user are shown" "$err" "krait: a step begins"
has "and steps" "$err" "[3/9] zlib: 4 s"
has "the step is named" "$err" "failed: build (exit status 3)"
has "the log is named" "$err" "$co/build/log/build.log"
has "the last lines are shown" "$err" "    the reason"
has "the log has everything" "$(cat "$co/build/log/build.log")" "detail one"
same "the program did not start" "$out" ""
krait run x
same "a failed build is not fresh" "$rc" 125
rm "$T/hook"
krait run x
same "and continues when it can" "$rc" 0

case $err in *detail*) failed "details stay in the log" ;; *) passed ;; esac

# Jobs, sources and offline reach the build, relative paths as the caller meant them.
rm -r "$co/build"
forget
cat >"$T/hook" <<'EOF'
echo "offline=$KRAIT_OFFLINE cache=$KRAIT_CACHE sources=$KRAIT_SOURCES"
EOF
(cd "$T" && KRAIT_JOBS=3 KRAIT_SOURCES="src s" KRAIT_CACHE=cache PATH=$bin "$co/krait" run x) >"$T/out" 2>&1
has "KRAIT_JOBS" "$(calls)" "-DKRAIT_JOBS=3"
log=$(cat "$co/build/log/build.log")
has "folders" "$log" "cache=$T/cache sources=$T/src s"
has "sources mean offline" "$log" "offline=1"
touch "$co/cli/file.c"
KRAIT_OFFLINE=1 && export KRAIT_OFFLINE
krait run x
has "offline alone" "$(cat "$co/build/log/build.log")" "offline=1 cache= sources="
unset KRAIT_OFFLINE
rm "$T/hook"

# The steps must not eat the script's stdin.
rm -r "$co/build"
echo 'cat >/dev/null' >"$T/hook"
out=$(echo 'for the script' | PATH=$bin "$co/krait" stdin 2>/dev/null)
has "stdin is left to the script" "$out" "for the script"
rm "$T/hook"

# A Python for other engines needs the program, but not the Python of the sandbox.
rm -r "$co/build"
forget
echo 'echo "cc=${CC:-none}"' >"$T/hook"
(cd "$T" && CC=my-clang PATH=$bin "$co/krait" build-python --jobs "1 2") >"$T/out" 2>&1
has "build-python: the program is started" "$(cat "$T/out")" "arg=[build-python]
arg=[--jobs]
arg=[1 2]"
has "one target" "$(calls)" "--target krait"
case $(calls) in *krait-runtime*) failed "the runtime was built, too" ;; *) passed ;; esac
has "CC is for that Python alone" "$(cat "$co/build/log/build.log")" "cc=none"
rm "$T/hook"
forget
krait run x
has "afterwards run builds the rest" "$(calls)" "krait-runtime"

# A build folder that cannot be written.
if [ "$(id -u)" -ne 0 ]; then
    rm -r "$co/build"
    chmod a-w "$co"
    krait run x
    same "a read-only checkout: 125" "$rc" 125
    has "and the way out" "$err" "set KRAIT_BUILD"
    KRAIT_BUILD=$T/elsewhere PATH=$bin "$co/krait" run x >"$T/out" 2>&1
    same "which is one" "$?" 0
    chmod u+w "$co"
else
    KRAIT_BUILD=/proc/none && export KRAIT_BUILD
    krait run x
    same "a folder that cannot be made: 125" "$rc" 125
    has "and the way out" "$err" "set KRAIT_BUILD"
    unset KRAIT_BUILD
fi

# clean removes what is ours and nothing else.
krait run x
krait clean
same "clean works" "$rc" 0
check_not "and the folder is gone" test -e "$co/build"
krait clean
same "twice, too" "$rc" 0
mkdir "$T/mine"
touch "$T/mine/file"
KRAIT_BUILD=$T/mine PATH=$bin "$co/krait" clean >"$T/out" 2>&1
same "a folder that is not ours stays" "$?" 125
check "with its files" test -e "$T/mine/file"

krait help
same "help works without a build" "$rc" 0
for word in "./krait run" "./krait check" "./krait clean" KRAIT_BUILD; do
    has "help names $word" "$out" "$word"
done
krait check --help
same "help for check" "$rc" 0
has "says what it takes" "$out" "ctest"
krait clean --help
same "help for clean" "$rc" 0
check_not "and builds nothing" test -e "$co/build"
krait
same "no command: 125" "$rc" 125
finish
