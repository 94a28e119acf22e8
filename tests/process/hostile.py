# SPDX-License-Identifier: Apache-2.0
"""What a hostile document can make a module do: its limit is named, its rows are dropped, others are kept."""
from harness import Folder, check, finish, same

KEPT = "call kept\n"


def write(folder, hostile):
    """Hostile documents among good ones; the names of both."""
    names = ["%02d" % (2 * number) for number in range(len(hostile))]
    good = ["%02d" % (2 * number + 1) for number in range(len(hostile))]
    for number, text in enumerate(hostile):
        folder.write(names[number], "call lost\n" + text + "\n")
        folder.write(good[number], KEPT)
    return names, good


def verdicts(folder, names, good, done):
    """What a run says of the hostile ones."""
    same("it ends, and says that some failed", done.returncode, 1)
    status = folder.status()
    same("the good ones succeed", {status[name] for name in good}, {("success", None)})
    same("their rows are kept, and no others", folder.query("SELECT name, count(*) FROM calls GROUP BY 1"),
         [("kept", len(good))])
    folder.check_database("hostile documents")
    return [status[name] for name in names]


def documents(folder, hostile, *options):
    names, good = write(folder, hostile)
    return verdicts(folder, names, good, folder.run(*options))


def fails(name, found, part):
    check(name, found[0] == "failed" and found[1].startswith("Module 'obey' ") and part in found[1], found)


with Folder() as folder:
    found = documents(folder, [
        "trap", "recurse", "rows 10000000", "insist", "big 1073741824", "exit 3", "grow",
        "child x y\nfail 1", "outs 3\nfail 2",
    ], "--timeout", "none", "--max-memory", "1500M")
    for name, verdict, part in zip(
            ("a trap", "no end of recursion", "ten million rows", "a guest that insists",
             "a gigabyte in one string", "an exit", "no end of memory", "a failure with sub-content",
             "a failure with output"),
            found,
            ("trapped: unreachable", "stack overflow",
             "exceeded the limit of 1000000 rows", "exceeded the limit of 1000000 rows",
             "exceeded the limit of 268435456 bytes of rows and sub-content", "exited with status 3",
             "memory limit exceeded", "returned error code: 1", "returned error code: 2")):
        fails(name, verdict, part)
    same("no row of theirs", folder.query("SELECT count(*) FROM numbers") if folder.query(
        "SELECT 1 FROM sqlite_master WHERE name = 'numbers'") else [(0,)], [(0,)])
    same("no sub-content of theirs", folder.query("SELECT count(*) FROM __wadup_content WHERE depth > 0"),
         [(0,)])
    same("output is kept, and cut", folder.query(
        "SELECT length(stdout), stdout_truncated FROM __wadup_module_output JOIN __wadup_content "
        "ON uuid = content_uuid WHERE filename = '16'"), [(1 << 20, 1)])

with Folder() as folder:
    names, good = write(folder, ["loop"] * 3)
    done, limit = folder.run_in_time(names, ("300 ms", "3 s", "30 s"), threads=2)
    for verdict in verdicts(folder, names, good, done):
        fails("a loop", verdict, "exceeded the time limit of " + limit)

# Tables: each document makes ten of its own, as wide as there may be.
COLUMNS = "[%s]" % ",".join('{"name":"c%d","data_type":"Int64"}' % number for number in range(1999))
with Folder() as folder:
    for number in range(12):
        folder.write("%02d" % number, "".join("table t%d_%d %s\n" % (number, n, COLUMNS) for n in range(10)))
    folder.write("last", KEPT)
    same("tables without end: status", folder.run("--max-memory", "64M").returncode, 1)
    status = folder.status()
    same("a hundred are made", [status["%02d" % number] for number in range(10)], [("success", None)] * 10)
    for number in (10, 11):
        fails("then no more", status["%02d" % number], "exceeded the limit of 200000 columns of all tables")
    same("small ones are", status["last"], ("success", None))
    same("so many are in the file",
         folder.query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 't%'"), [(100,)])
    same("with --resume, too", folder.run("--resume", fresh=False).returncode, 0)
    folder.run("--max-memory", "64M", "--max-result", "64K")
    fails("as bytes of one document", folder.status()["00"],
          "exceeded the limit of 65536 bytes of rows and sub-content")
    same("no table of theirs", folder.query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 't%'"), [])

# Limits that are asked for, and sub-content without end.
LIMITS = ("--max-rows", "100", "--max-result", "64K", "--max-children", "20", "--max-expansion", "40K",
          "--max-recursion-depth", "5")
with Folder() as folder:
    found = documents(folder, ["rows 101", "big 70000", "flood 1000", "swell 10 60000", "swell 15 4000"],
                      *LIMITS)
    for verdict, part in zip(found, (
            "exceeded the limit of 100 rows", "exceeded the limit of 65536 bytes of rows and sub-content",
            "exceeded the limit of 20 documents in one document",
            "exceeded the limit of 40960 bytes in the documents of one document",
            "exceeded the limit of 40960 bytes in the documents of one document")):
        fails("a limit", verdict, part)
with Folder() as folder:
    # The sixth level is the one that is too deep; its document is the one that fails.
    folder.write("root", "nest 60\n")
    same("a nest", folder.run(*LIMITS).returncode, 1)
    same("its levels", folder.query("SELECT depth, status, error_message FROM __wadup_content ORDER BY depth"),
         [(depth, "success", None) for depth in range(5)] +
         [(5, "failed", "Module 'obey' exceeded the limit of 5 levels of sub-content")])
    # Children of children count for the root: each level has 3.
    folder.write("root", "child a child b flood 9|flood 9\nchild c flood 5\nchild d call kept\n")
    folder.run(*LIMITS)
    same("documents of a whole tree are counted", folder.query(
        "SELECT count(*) FROM __wadup_content WHERE depth > 0")[0][0] <= 20, True)
    same("one of them fails", folder.query(
        "SELECT error_message FROM __wadup_content WHERE status = 'failed'"),
         [("Module 'obey' exceeded the limit of 20 documents in one document",)])
    same("the last one is good", folder.query("SELECT name FROM calls"), [("kept",)])

# Names and texts.
with Folder() as folder:
    folder.write("a", "call kept\n")
    folder.write("b", "\n".join([
        'table x"); DROP TABLE __wadup_content; -- [{"name":"a","data_type":"Int64"}]',
        'table __wadup_content []',
        'table sqlite_master []',
        'table ok [{"name":"a\\") VALUES(1); DROP TABLE calls; --","data_type":"String"}]',
        'row ok [{"String":"\'); DROP TABLE calls; --"}]',
        'table t [{"name":"a","data_type":"Int64"}]',
        'row t [{"Int64":9223372036854775808}]',
        'row t [{"String":"x"}]',
        'row t []',
        'row none [{"Int64":1}]',
        'row t ' + '[' * 100000,
        'row t [{"Int64":' + '[' * 50000 + ']' * 50000 + '}]',
        'row t [{"Int64":1}',
        'table t [{"name":"b","data_type":"Int64"}]',
        'table select [{"name":"group","data_type":"Int64"}]',
        'row select [{"Int64":1}]',
        'slice 5 100000000 x',
        'badptr',
    ]) + "\n")
    done = folder.run()
    same("SQL in names and texts: no harm", done.returncode, 0)
    folder.check_database("SQL in names")
    codes = folder.query("SELECT stdout FROM __wadup_module_output")[0][0].split()
    same("codes", codes, ["-2", "-9", "-9", "0", "0", "0", "-2", "-5", "-4", "-3", "-2", "-2", "-2", "-6", "0",
                          "0", "-8", "-8", "-8", "-8", "-8", "-8", "-8"])
    same("the text is a text", folder.query("SELECT * FROM ok")[0][1], "'); DROP TABLE calls; --")
    same("the name is a name", folder.query("SELECT name FROM pragma_table_info('ok')")[1][0],
         'a") VALUES(1); DROP TABLE calls; --')
    same("a word of SQL is a name", folder.query('SELECT "group" FROM "select"'), [(1,)])
    same("calls are there", folder.query("SELECT name FROM calls"), [("kept",)])

# A document that fails leaves no table, and does not decide what it is like.
with Folder() as folder:
    folder.write("a", 'table t [{"name":"wrong","data_type":"String"}]\nrow t [{"String":"x"}]\nfail 1\n')
    folder.write("b", 'table t [{"name":"right","data_type":"Int64"}]\nrow t [{"Int64":1}]\n')
    folder.write("c", 'table t [{"name":"other","data_type":"Int64"}]\n')
    folder.write("d", 'row t [{"Int64":2}]\n')
    folder.run()
    same("the first that succeeds defines", folder.query('SELECT "right" FROM t'), [(1,), (2,)])

# Fuel
with Folder() as folder:
    found = documents(folder, ["loop", "rows 100000"], "--fuel", "1000000")
    for verdict in found:
        fails("fuel", verdict, "exceeded fuel limit (CPU limit)")
finish()
