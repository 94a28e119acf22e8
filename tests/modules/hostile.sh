# SPDX-License-Identifier: Apache-2.0
# Modules that are built to be a burden for a C compiler (hostile.py): of moderate size they
# are compiled, without optimisation where it must be, and run; a size up they are refused,
# and the message names function and limit.
#   hostile.sh SHAPE
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"
shape=$1
make_module() { python3 "$KRAIT_SOURCE_DIR/tests/modules/hostile.py" "$shape" "$1" "$2.wasm" || failed "$shape $1"; }
compile() { # compile NAME [SECONDS]
    run compile "$1.wasm" -o "$1.krt" --cpu-time "${2:-4}" --memory 1G --timeout 100 \
        --plain-function 10000 --max-function 60000
}

# How many: moderate, too many, and what the messages say.
note='' refusal='instructions; at most 60000 are supported in one function'
case $shape in
straight) few=4000 many=20000 note='function 0: compiled without optimisation: too many instructions' ;;
branches) few=2000 many=8000 note='without optimisation: too many instructions' ;;
locals) few=800 many=60000 refusal='too many locals: more than 50000 are not supported' ;;
nested) few=1500 many=20000 ;;
loops) few=1000 many=9000 note='without optimisation: the compiler failed at first' ;;
table) few=20000 many=100000 note='without optimisation: too many instructions' ;;
dispatch) few=200 many=5000 ;;
memory) few=2000 many=20000 note='without optimisation: too many instructions' ;;
calls) few=40 many=400 ;;
functions) few=3000 many=1000001 refusal='functions; at most 1000000 are supported' ;;
esac
make_module $few few
compile few
# Of those that are to be compiled as they are, some take a second or two; a slow machine has its time.
if [ -z "$note" ]; then
    case $out in *"the compiler failed at first"*) compile few 40 ;; esac
fi
same "$few can be compiled" "$rc" 0
[ -z "$note" ] || has "with a note" "$out" "$note"
[ -n "$note" ] || same "without a note" "$out" ""
if [ -n "$note" ]; then
    run inspect few.krt
    has "the translation says so too" "$out" "reduced      "
fi
run run few.krt
same "it runs" "$rc: $out" "0: "

make_module $many many
compile many
same "$many are refused" "$rc" 126
has "where" "$out" "'many.wasm': offset 0x"
has "why" "$out" "$refusal"
check_not "there is no output" test -e many.krt
same "nothing is left" "$(ls -A "$TMPDIR")" ""
finish
