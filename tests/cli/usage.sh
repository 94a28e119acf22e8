# SPDX-License-Identifier: Apache-2.0
# Help, versions and mistakes that need no interpreter: one line on stderr, status 125 to 127.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1

# refused STATUS PART ARGUMENT...: that status, one line on stderr with PART, nothing on stdout.
refused() {
    wanted=$1
    part=$2
    shift 2
    "$KRAIT" "$@" >out 2>err </dev/null
    same "status of: $*" $? "$wanted"
    same "lines of: $*" "$(wc -l <err)" 1
    has "text of: $*" "$(cat err)" "$part"
    same "stdout of: $*" "$(cat out)" ""
}

for arguments in --help -h help "run --help" "run -h" "compile --help"; do
    # shellcheck disable=SC2086 # words on purpose
    text=$("$KRAIT" $arguments 2>err)
    same "$arguments: status" $? 0
    has "$arguments: text" "$text" "usage: krait"
    same "$arguments: stderr" "$(cat err)" ""
done
has "version" "$("$KRAIT" --version)" "krait 0."
"$KRAIT" >out 2>err
same "no command: status" $? 125
has "no command: text" "$(cat err)" "usage: krait"

refused 125 "unknown command 'nonsense'" nonsense
refused 125 "unknown option '--nonsense'" run --nonsense x.py
refused 125 "option '--dir' needs a value" run --dir
refused 125 "option '-e' needs a value" run -e
refused 127 "cannot open 'missing.py': No such file or directory" run missing.py
refused 127 "cannot open '/nonexistent/x.py': No such file or directory" run /nonexistent/x.py
refused 127 "--dir: cannot open 'missing': No such file or directory" run --dir missing -c pass
refused 127 "--mapdir: cannot open 'missing'" run --mapdir /x::missing -c pass
refused 125 "'::' is not HOST[::GUEST][:ro]" run --dir :: -c pass
refused 125 "'x::' is not GUEST::HOST[:ro]" run --mapdir x:: -c pass
refused 125 "'=x' is not NAME=VALUE" run -e =x -c pass
refused 125 "'KRAIT_TEST_UNSET' is not set here" run -e KRAIT_TEST_UNSET -c pass
refused 125 "'--memory' needs a value" run --memory
for size in 0 x 1T 12MB 99999999999999999999 -1 ''; do
    refused 125 "--memory: '$size' is no size" run --memory="$size" -c pass
done
for option in timeout cpu; do
    refused 125 "'--$option' needs a value" run --$option
    for time in 0 0s x 1x 5S -1 1. .5 1.s 1e3 99999999999h 999999999999999999999 ''; do
        refused 125 "--$option: '$time' is no time such as 500ms or 5s" run --$option="$time" -c pass
    done
done
refused 125 "--max-output: '1T' is no size" run --max-output 1T -c pass
refused 125 "--max-fs: '0' is no size" run --max-fs 0 -c pass
for number in 3 65537 x ''; do
    refused 125 "--max-files: '$number' is no number from 4 to 65536" run --max-files="$number" -c pass
done
for number in 77 x 99999999999 -1 ''; do
    refused 125 "--status-fd: '$number' is no open descriptor" run --status-fd="$number" -c pass
done
refused 125 "--status-fd: '4' is not open for writing" run --status-fd 4 -c pass 4</dev/null
echo 'print(1)' >file
refused 126 "--dir: 'file' is not a directory" run --dir file -c pass
refused 127 "cannot open 'file/x.py': Not a directory" run file/x.py
mkdir folder
refused 126 "'folder' is a directory that is not granted" run folder
mkfifo fifo
refused 126 "'fifo' is not a regular file" run fifo
if [ "$(id -u)" -ne 0 ]; then
    echo 'print(1)' >secret.py
    chmod 000 secret.py
    refused 126 "cannot open 'secret.py': Permission denied" run secret.py
fi

# A runtime that is not there or not whole.
KRAIT_RUNTIME=$T/nowhere
export KRAIT_RUNTIME
refused 125 "the Python runtime is not complete: cannot read '$T/nowhere/python.krt'" run -c pass
mkdir -p runtime/usr/local/lib/python3.13
mkdir runtime/bin
: >runtime/bin/python.wasm
echo "not a module" >runtime/python.krt
KRAIT_RUNTIME=$T/runtime
refused 125 "'$T/runtime/python.krt' is not a translated module" run -c pass
unset KRAIT_RUNTIME

# A full disk under stdout is an error, not a success.
if [ -w /dev/full ]; then
    "$KRAIT" --help >/dev/full 2>err
    same "full disk: status" $? 125
    has "full disk: text" "$(cat err)" "cannot write to stdout: No space left on device"
fi
finish
