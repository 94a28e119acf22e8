# SPDX-License-Identifier: Apache-2.0
"""The module runtime as a file, and libkrait_module.a in a program of another kind.

Its imports and exports are what the list says; its files are whole; the stand-ins of the archive work, fail as they say,
and give way to a program's own. The example in docs/module-interface.md is a module.
"""
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
TREE = os.environ["KRAIT_RUNTIME_TREE"] + "-module"
MODULE = os.path.join(TREE, "bin", "python.wasm")
ARCHIVE = os.path.join(TREE, "lib", "wasm32-wasi", "libkrait_module.a")
sys.path.insert(0, os.path.join(SOURCE, "recipes", "cpython"))
import check_wasm  # noqa: E402

failures = 0


def check(what, found, wanted):
    global failures
    if found != wanted:
        failures += 1
        print("failed: %s\n    found  %.600r\n    wanted %.600r" % (what, found, wanted))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def look_at_module():
    with open(MODULE, "rb") as file:
        info = check_wasm.describe(file.read())
    imports = set(info["imports"])
    listed = check_wasm.read_list(os.path.join(SOURCE, "tests", "guest", "imports-module.txt"))
    check("imports", sorted(imports), sorted(listed))
    check("those of env", sorted(i for i in imports if not i.startswith("wasi_snapshot_preview1 ")),
          ["env define_table", "env emit_subcontent_bytes", "env emit_subcontent_slice", "env insert_row"])
    check("exports", sorted(info["exports"]), ["_initialize", "krait_pack_slot", "memory", "process"])
    check("stack", info["stack"], check_wasm.STACK)
    check("verified", run(os.environ["KRAIT"], "pack", "--verify", MODULE).returncode, 0)


PROGRAM = r"""
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
static void handler(int number) { printf("handler %d\n", number); }
#ifdef OWN
int raise(int number) { printf("own raise %d\n", number); return 0; }
void (*signal(int number, void (*new)(int)))(int) { (void)new; printf("own signal %d\n", number); return SIG_DFL; }
void *dlopen(const char *path, int flags) { (void)flags; printf("own dlopen %s\n", path); return stdout; }
#endif
int main(void)
{
    printf("%d ", signal(SIGTERM, handler) == SIG_DFL);
    printf("%d ", signal(SIGTERM, SIG_IGN) == handler);
    printf("%d ", signal(SIGTERM, SIG_DFL) == SIG_IGN);
    printf("%d %d\n", signal(0, handler) == SIG_ERR, errno == EINVAL);
    printf("%d %d\n", raise(SIGTERM), raise(1000));
    printf("%s\n", strsignal(SIGTERM));
    printf("%d ", dlopen("libx.so", RTLD_NOW) == NULL);
    printf("%s\n", dlerror());
    printf("%d\n", dlerror() == NULL);
    printf("%d ", dlsym(NULL, "f") == NULL);
    printf("%s\n", dlerror());
    printf("%d ", dlclose(stdout));
    printf("%s\n", dlerror());
    return 0;
}
"""


def compile_program(folder, text, flags, name):
    """With the compiler and the libc of the recipes; None: they are not here."""
    found = run("sh", "-c", 'say() { echo "$@"; }; . "$0"; tools_find "$1" >&2 && printf "%s\\n%s\\n" "$CC" "$TARGET"',
                os.path.join(SOURCE, "recipes", "tools.sh"), folder)
    libc = run(os.path.join(SOURCE, "recipes", "build"), "--where", "wasi-libc")
    if found.returncode or libc.returncode:
        return None
    cc, target = found.stdout.split()[-2:]
    source = os.path.join(folder, "program.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    module = os.path.join(folder, name + ".wasm")
    done = run(cc, "--target=" + target, "--sysroot=" + libc.stdout.strip(), "-D_WASI_EMULATED_SIGNAL", "-fno-builtin",
               source, *flags, "-o", module)
    check("compiled: " + done.stderr, done.returncode, 0)
    return module


def run_program(module):
    done = run(os.environ["KRAIT"], "run", module)
    check("run: " + done.stderr, done.returncode, 0)
    return done.stdout.splitlines()


def link_stand_ins(folder):
    # The two stand-ins alone: the rest of the archive wants Python.
    link = [ARCHIVE, "-lwasi-emulated-signal"]
    module = compile_program(folder, PROGRAM, link, "stand_ins")
    if module is None:
        print("stand-ins: no compiler for WebAssembly, or no wasi-libc in the cache")
        return
    why = "dynamic loading is not supported in WASI"
    check("stand-ins", run_program(module), [
        "1 1 1 1 1", "0 -1", "Terminated", "1 cannot load libx.so: " + why, "1", "1 cannot find f: " + why,
        "-1 not open: " + why])
    found = run_program(compile_program(folder, PROGRAM, ["-DOWN", *link], "own"))
    check("its own", [line for line in found if line.startswith(("own", "1 own", "0 own"))][0], "own signal 15")
    check("own raise", "own raise 15" in "\n".join(found), True)
    check("own dlopen", "own dlopen libx.so" in "\n".join(found), True)


def build_example(folder):
    """The C of docs/module-interface.md is a module."""
    with open(os.path.join(SOURCE, "docs", "module-interface.md"), encoding="utf-8") as file:
        text = file.read().split("```c no-build\n")[1].split("```")[0]
    module = compile_program(folder, text, ["-mexec-model=reactor", "-Wall", "-Wextra", "-Werror"], "example")
    if module is None:
        return
    with open(module, "rb") as file:
        info = check_wasm.describe(file.read())
    check("exports of the example", sorted(info["exports"]), ["_initialize", "memory", "process"])
    check("imports of the example", sorted(i for i in info["imports"] if i.startswith("env")),
          ["env define_table", "env insert_row"])
    if os.path.exists(os.path.join(os.path.dirname(os.environ["KRAIT"]), "../libexec/krait/krait-process")):
        done = run(os.environ["KRAIT"], "process", "--test", module, os.path.join(SOURCE, "LICENSE"))
        check("the example runs: " + done.stderr, done.returncode, 0)
        size = os.path.getsize(os.path.join(SOURCE, "LICENSE"))
        check("its row: " + done.stdout, '{"Int64":%d}' % size in done.stdout.replace(" ", ""), True)


def main():
    if not os.path.exists(MODULE):
        print("skipped: there is no module runtime at " + MODULE)
        return 77
    look_at_module()
    with tempfile.TemporaryDirectory(prefix="krait-wadup.") as folder:
        link_stand_ins(folder)
        build_example(folder)
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
