# SPDX-License-Identifier: Apache-2.0
"""WebAssembly written by hand: calls with wrong pointers, sizes and descriptors, memory and
stacks at their ends. WASI answers with an errno; what is no business of WASI's is a trap."""
from harness import Case

W = "wasi_snapshot_preview1"
TRAPPED = 134
NAMES = {"fd_write": "i32 i32 i32 i32", "fd_read": "i32 i32 i32 i32", "fd_close": "i32",
         "fd_renumber": "i32 i32", "random_get": "i32 i32", "fd_readdir": "i32 i32 i32 i64 i32",
         "poll_oneoff": "i32 i32 i32 i32", "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32",
         "args_get": "i32 i32", "environ_get": "i32 i32", "fd_prestat_dir_name": "i32 i32 i32",
         "path_symlink": "i32 i32 i32 i32 i32", "clock_time_get": "i32 i64 i32"}


def module(body, calls=(), memory="1", more=""):
    """A command whose _start has the body; $exit ends it with a status."""
    imports = "".join('(import "%s" "%s" (func $%s (param %s) (result i32)))\n' % (W, name, name,
                                                                              NAMES[name])
                      for name in calls)
    return """(module
%s(import "%s" "proc_exit" (func $exit (param i32)))
(memory (export "memory") %s)
%s
(func (export "_start") (local $i i32) (local $n i32)
%s))""" % (imports, W, memory, more, body)


def answers(name, calls, errno=None):
    """Each call is made; the exit status is the last errno, or 0 for all that ended."""
    used = sorted({text.split()[1].strip("$()") for text in calls})
    body = "\n".join("(local.set $n %s)" % text for text in calls)
    body += "(call $exit (local.get $n))" if errno is not None else ""
    return Case(name, module(body, used), 0 if errno is None else errno)


def traps(name, body, text="stopped", **more):
    options = more.pop("options", ())
    return Case(name, module(body, **more), TRAPPED, text, options=options)


EFAULT, EINVAL, EBADF = 21, 28, 8

CASES = [
    answers("buffers_beyond_memory", [
        "(call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0))",
        "(call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0))",
        "(call $fd_read (i32.const 0) (i32.const 65532) (i32.const 1) (i32.const 0))"], EFAULT),
    answers("too_many_buffers", [
        "(call $fd_write (i32.const 1) (i32.const 0) (i32.const 8000) (i32.const 0))"], EINVAL),
    answers("four_gigabytes_of_noise", [
        "(call $random_get (i32.const 0) (i32.const -1))",
        "(call $random_get (i32.const 65535) (i32.const 2))"], EFAULT),
    answers("four_thousand_million_subscriptions", [
        "(call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0))",
        "(call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"], EINVAL),
    answers("a_listing_of_four_gigabytes", [
        "(call $fd_readdir (i32.const 3) (i32.const 0) (i32.const -1) (i64.const 0) (i32.const 0))"],
            EFAULT),
    answers("a_path_of_four_gigabytes", [
        "(call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) "
        "(i64.const -1) (i64.const -1) (i32.const 0) (i32.const 0))"], None),
    answers("arguments_beyond_memory", [
        "(call $args_get (i32.const -4) (i32.const 0))",
        "(call $environ_get (i32.const 65535) (i32.const 65535))",
        "(call $args_get (i32.const 65533) (i32.const 65533))"], EFAULT),
    answers("overlapping_and_misaligned", [
        # The result goes where the buffers are described, at odd addresses.
        "(call $fd_read (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3))",
        "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 65533))"], EFAULT),
    answers("descriptors_that_are_none", [
        "(call $fd_close (i32.const -1))",
        "(call $fd_renumber (i32.const 3) (i32.const -1))",
        "(call $fd_renumber (i32.const 2147483647) (i32.const 3))",
        "(call $fd_prestat_dir_name (i32.const 4711) (i32.const 0) (i32.const 1))"], EBADF),
    Case("every_descriptor_renumbered", module("""
(loop $next
  (drop (call $fd_renumber (i32.and (local.get $i) (i32.const 7))
                           (i32.and (i32.shr_u (local.get $i) (i32.const 3)) (i32.const 7))))
  (drop (call $fd_close (i32.and (i32.mul (local.get $i) (i32.const 7)) (i32.const 7))))
  (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
""", ["fd_renumber", "fd_close"]), 0),
    traps("a_load_beyond_memory", "(drop (i32.load offset=4294967295 (i32.const -1)))", "address"),
    traps("a_store_beyond_memory", "(i64.store offset=65529 (i32.const 0) (i64.const 1))", "address"),
    traps("a_copy_beyond_memory",
          "(memory.copy (i32.const 1) (i32.const 0) (i32.const -1))"),
    traps("a_fill_beyond_memory", "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))"),
    traps("native_recursion", "(call $f)", "stack", more="(func $f (call $f))"),
    traps("native_recursion_with_much_on_the_stack", "(drop (call $f (i64.const 1)))", "stack", more="""
(func $f (param i64) (result i64) (i64.add (call $f (i64.add (local.get 0) (i64.const 1)))
  (i64.mul (call $f (i64.const 2)) (call $f (i64.const 3)))))"""),
    traps("a_call_of_the_wrong_type", "(call_indirect (type $t) (i64.const 1) (i32.const 0))",
          "type", more="(type $t (func (param i64))) (table 1 funcref) (elem (i32.const 0) $g) (func $g)"),
    traps("a_call_beyond_the_table", "(call_indirect (type $t) (i32.const -1))", more="""
(type $t (func)) (table 1 funcref)"""),
    traps("division", "(drop (i32.div_s (i32.const -2147483648) (i32.const -1)))", "overflow"),
    traps("conversion", "(drop (i32.trunc_f64_s (f64.const nan)))", "conversion"),
    Case("memory_that_grows_without_end", module("""
(loop $again
  (br_if $again (i32.ne (memory.grow (i32.const 100)) (i32.const -1))))
(loop $again
  (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
(call $exit (i32.lt_u (memory.size) (i32.const 1025)))"""), 1, options=("--memory", "64M")),
    Case("a_table_that_grows_without_end", module("""
(loop $again
  (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1))))
(call $exit (i32.const 7))""", more="(table $t 1 funcref)"), 7),
    Case("a_loop_without_calls", module("(loop $again (br $again))"), 124, "limit",
         options=("--timeout", "500ms")),
    Case("a_loop_of_fills", module("""
(drop (memory.grow (i32.const 16000)))
(loop $again (memory.fill (i32.const 0) (local.get $i) (i32.const 1048576000)) (br $again))"""),
         124, "limit", options=("--timeout", "500ms")),
    Case("a_wait_without_end", """(module (memory (export "memory") 1 1 shared)
(func (export "_start")
  (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))""", 124, "limit",
         options=("--timeout", "500ms")),
    Case("a_start_function_without_end", """(module (memory (export "memory") 1)
(func $s (loop $again (br $again))) (start $s) (func (export "_start")))""", 124, "limit",
         options=("--timeout", "500ms")),
    Case("data_beyond_memory", """(module (memory (export "memory") 1)
(data (i32.const 65530) "0123456789") (func (export "_start")))""", (125, 126, TRAPPED)),
    Case("a_module_of_noise", """(module (memory (export "memory") 70000)
(func (export "_start") (drop (i32.add))))""", 126),
    Case("an_import_that_is_not_there", """(module (import "env" "system" (func (param i32)))
(memory (export "memory") 1) (func (export "_start")))""", 126, "env.system"),
]
