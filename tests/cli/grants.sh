# SPDX-License-Identifier: Apache-2.0
# What the guest sees of the host: nothing that was not granted.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
T=$(cd "$T" && pwd -P)
cd "$T" || exit 1
mkdir -p app/sub data/deep other
echo 'VALUE = 5' >app/helper.py
printf 'import helper\nprint(helper.VALUE)\n' >app/main.py
echo inside >data/file
echo deep >data/deep/file
echo outside >other/file

# says NAME WANTED CODE [OPTION...]: what the code prints with the options.
says() {
    name=$1
    wanted=$2
    code=$3
    shift 3
    same "$name" "$("$KRAIT" run "$@" -c "$code" 2>err </dev/null)" "$wanted"
}

says "the root" "['dev', 'tmp', 'usr']" 'import os; print(sorted(os.listdir("/")))'
says "the working directory" / 'import os; print(os.getcwd())'
for path in /etc/passwd /proc/self/environ /proc/self/root /home /root /sys "$T" "$T/data/file" ../../../../etc/passwd; do
    says "no $path" False "import os; print(os.path.exists('$path'))"
done
name=/tmp/${T##*/}.x
says "/tmp is writable" "hello" "open('$name', 'w').write('hello'); print(open('$name').read())"
same "/tmp is not the host's" "$(ls "$name" 2>/dev/null)" ""
says "tempfile" ok 'import tempfile
with tempfile.TemporaryDirectory() as d:
    with tempfile.NamedTemporaryFile(dir=d) as f: f.write(b"1"); print("ok")'
says "the library is read-only" "Read-only file system" 'import os
try: open("/usr/local/lib/python3.13/os.py", "a")
except OSError as e: print(e.strerror)'

# --dir and --mapdir.
says "--dir" inside "print(open('$T/data/file').read().strip())" --dir data
says "--dir=" inside "print(open('$T/data/file').read().strip())" --dir=data
says "--dir absolute" inside "print(open('$T/data/file').read().strip())" --dir "$T/data"
says "--dir HOST::GUEST" inside 'print(open("/d/file").read().strip())' --dir data::/d
says "a relative guest path" inside 'print(open("/d/file").read().strip())' --dir data::d
says "--mapdir" inside 'print(open("/d/file").read().strip())' --mapdir /d::data
says "--mapdir of the root" "inside 3.13" 'import sys; print(open("/file").read().strip(), sys.version[:4])' --mapdir /::data
says "several" "inside outside" 'print(open("/a/file").read().strip(), open("/b/file").read().strip())' \
    --dir data::/a --dir other::/b
says "one inside another" "outside ['deep', 'file', 'o']" \
    'import os; print(open("/a/o/file").read().strip(), sorted(os.listdir("/a")))' --dir other::/a/o --dir data::/a
says "neighbours stay out" False "import os; print(os.path.exists('$T/other'))" --dir data
says ".. stays in the guest" False "import os; print(os.path.exists('$T/data/../other/file'))" --dir data
says ":ro" "Read-only file system" 'try: open("/d/new", "w")
except OSError as e: print(e.strerror)' --dir data::/d:ro
says ":ro without a guest path" "Read-only file system" "
try: open('$T/data/new', 'w')
except OSError as e: print(e.strerror)" --dir data:ro
same "nothing was written" "$(ls data)" "deep
file"
says "writing" "" 'open("/d/new", "w").write("written")' --dir data::/d
same "it is on the host" "$(cat data/new)" written
rm data/new

# The working directory is the caller's when it is granted.
says "cwd granted" "$T inside" 'import os; print(os.getcwd(), open("data/file").read().strip())' --dir .
same "cwd below a grant" "$(cd data && "$KRAIT" run --dir "$T" -c 'import os; print(os.getcwd())')" "$T/data"
same "cwd under another name" "$(cd data/deep && "$KRAIT" run --dir "$T::/w" -c 'import os; print(os.getcwd())')" /w/data/deep
says "PWD is no variable of the guest" True 'import os; print("KRAIT_CWD" not in os.environ)' --dir .

# The script and its neighbours.
"$KRAIT" run app/main.py >out 2>err </dev/null
same "a neighbour is not there: status" $? 1
has "it fails to import" "$(cat err)" "ModuleNotFoundError: No module named 'helper'"
has "with a hint" "$(cat err)" "krait: 'helper.py' is beside the script, but only the script itself is granted; to import it, add --dir '$T/app'"
same "with the grant" "$("$KRAIT" run --dir app app/main.py 2>&1)" 5
same "under another name" "$("$KRAIT" run --dir app::/app /app/main.py 2>&1)" 5
same "from its folder" "$(cd app && "$KRAIT" run --dir . main.py 2>&1)" 5
printf 'import no_such_thing\n' >app/lost.py
"$KRAIT" run app/lost.py >out 2>err </dev/null
same "no hint without a neighbour" "$(grep -c '^krait:' err)" 0
mkdir app/package
: >app/package/__init__.py
printf 'import package.part\n' >app/pack.py
has "a hint for a package" "$("$KRAIT" run app/pack.py 2>&1 </dev/null)" "krait: 'package' is beside the script"
same "only the script is in its folder" "$(printf 'import os; print(os.listdir(os.path.dirname(__file__)))' >app/ls.py &&
    "$KRAIT" run app/ls.py)" "['ls.py']"
same "the script cannot change itself" "$(printf 'try: open(__file__, "a")\nexcept OSError as e: print(e.strerror)\n' >app/w.py &&
    "$KRAIT" run app/w.py)" "Read-only file system"
mkdir app/run
printf 'print("a package runs")\n' >app/run/__main__.py
same "a granted folder as program" "$("$KRAIT" run --dir app app/run)" "a package runs"
ln -s main.py app/link.py
same "a link as script" "$("$KRAIT" run --dir app app/link.py)" 5

# A working directory that is gone, and one whose path is too long.
mkdir gone
found=$(cd gone && rmdir ../gone && "$KRAIT" run --dir . -c pass 2>&1)
same "--dir . of a folder that is gone: status" $? 127
same "--dir . of a folder that is gone" "$found" "krait: --dir: cannot open '.': No such file or directory"
mkdir gone
found=$(cd gone && rmdir ../gone && "$KRAIT" run . 2>&1)
same "a folder that is gone as program: status" $? 126
same "a folder that is gone as program" "$found" "krait: cannot tell where '.' is: No such file or directory"
if command -v python3 >/dev/null; then
    found=$(python3 -c 'import os, shutil, subprocess
here, name = os.open(".", os.O_RDONLY), "0" * 200
for i in range(22):
    os.mkdir(name)
    os.chdir(name)
with open("deep.py", "w"): pass
run = subprocess.run([os.environ["KRAIT"], "run", "deep.py"], stderr=subprocess.PIPE)
os.chdir(here)
shutil.rmtree(name)
print(run.returncode, run.stderr.decode())')
    has "a script whose path is too long" "$found" "126 krait: cannot tell where 'deep.py' is: "
fi

# Links that lead out of a grant.
ln -s ../other/file data/out
ln -s /etc/passwd data/absolute
ln -s deep/file data/in
says "a link inside" deep 'print(open("/d/in").read().strip())' --dir data::/d
for link in out absolute; do
    says "a link out: $link" "no" "
try: open('/d/$link'); print('yes')
except OSError: print('no')" --dir data::/d
done
says "a link made by the guest" "no" '
import os
os.symlink("../../../../../../etc/passwd", "/d/made")
try: open("/d/made"); print("yes")
except OSError: print("no")' --dir data::/d
finish
