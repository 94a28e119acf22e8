# SPDX-License-Identifier: Apache-2.0
"""The database: what it is like, what is refused untouched, --resume, full disks, every value."""
import hashlib
import math
import os
import resource
import shutil
import sqlite3
import struct
import subprocess
import time

from harness import Folder, check, environment, finish, same, start, wait_for


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def refused(folder, name, part, *options, status=None):
    before = {entry: digest(os.path.join(folder.path, entry)) for entry in os.listdir(folder.path)
              if entry.startswith("out.db")}
    done = folder.run(*options, fresh=False)
    same(name + ": status", done.returncode, status or 126)
    check(name + ": said", part in done.stderr, done.stderr)
    after = {entry: digest(os.path.join(folder.path, entry)) for entry in os.listdir(folder.path)
             if entry.startswith("out.db")}
    same(name + ": untouched", after, before)


def columns(folder, table):
    return [(name, kind) for name, kind in folder.query(
        "SELECT name, type FROM pragma_table_info(?)", table)]


# Shape
with Folder() as folder:
    folder.write("a", 'call a\ntable all [{"name":"i","data_type":"Int64"},{"name":"f","data_type":"Float64"},'
                      '{"name":"s","data_type":"String"},{"name":"b","data_type":"Boolean"},'
                      '{"name":"x","data_type":"Bytes"}]\n'
                      'row all [{"Int64":-9223372036854775808},{"Float64":0.1},{"String":"a\\u0000\\ud83d\\udc0d"},'
                      '{"Boolean":true},{"Bytes":"AP8="}]\n'
                      'row all [{"Int64":9223372036854775807},{"Float64":"inf"},{"String":""},'
                      '{"Boolean":false},{"Bytes":""}]\n'
                      'row all [{"Null":null},{"Float64":"nan"},{"Null":null},{"Null":null},{"Null":null}]\n'
                      'row all [{"Null":null},{"Float64":"nan:0xfff8000000000001"},{"Null":null},{"Null":null},'
                      '{"Null":null}]\n'
                      'row all [{"Null":null},{"Float64":5e-324},{"String":"123"},{"Null":null},{"Null":null}]\n'
                      'row all [{"Null":null},{"Int64":3},{"Null":null},{"Null":null},{"Null":null}]\n')
    same("values of every type", folder.run().returncode, 0)
    same("the table of documents", columns(folder, "__wadup_content"),
         [("uuid", "TEXT"), ("filename", "TEXT"), ("parent_uuid", "TEXT"), ("processed_at", "INTEGER"),
          ("status", "TEXT"), ("error_message", "TEXT"), ("path", "TEXT"), ("sha256", "TEXT"),
          ("size", "INTEGER"), ("content_type", "TEXT"), ("depth", "INTEGER")])
    same("the table of output", [name for name, _ in columns(folder, "__wadup_module_output")],
         ["content_uuid", "module_name", "stdout", "stderr", "stdout_truncated", "stderr_truncated"])
    same("a module's table", columns(folder, "all"),
         [("content_uuid", "TEXT"), ("i", "INTEGER"), ("f", "REAL"), ("s", "TEXT"), ("b", "BOOLEAN"),
          ("x", "BLOB")])
    same("its foreign key", folder.query('SELECT "table", "from", "to" FROM pragma_foreign_key_list(\'all\')'),
         [("__wadup_content", "content_uuid", "uuid")])
    found = folder.query('SELECT i, f, s, b, x FROM "all" ORDER BY rowid')
    same("values", found,
         [(-2**63, 0.1, "a\0\U0001f40d", 1, b"\0\xff"), (2**63 - 1, math.inf, "", 0, b""),
          (None, "nan", None, None, None), (None, "nan:0xfff8000000000001", None, None, None),
          (None, 5e-324, "123", None, None), (None, 3.0, None, None, None)])
    same("a text of digits is a text", found[4][2], "123")
    same("a float is a float", type(found[5][1]), float)
    stamp = folder.query("SELECT processed_at FROM __wadup_content")[0][0]
    check("a time", abs(stamp - time.time()) < 3600, stamp)
    same("marks", folder.query("PRAGMA application_id") + folder.query("PRAGMA user_version"),
         [(0x4b525052,), (1,)])
    same("one file is left", [name for name in os.listdir(folder.path) if name.startswith("out.db")], ["out.db"])

    # What is there already.
    refused(folder, "a database that is there", "--resume goes on with it", status=125)
    lock = sqlite3.connect(folder.db)
    lock.execute("BEGIN IMMEDIATE")
    done = folder.run("--resume", fresh=False)
    same("one that another program writes: status", done.returncode, 125)
    check("one that another program writes: said", "another program uses it" in done.stderr, done.stderr)
    lock.rollback()
    lock.close()
    folder.write("b", "loop\n")
    first = start(folder.line("--resume", "--timeout", "none"), env=environment(), stdin=subprocess.DEVNULL,
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("a run that has its database", folder.is_in_use, first)
    done = folder.run("--resume", fresh=False)
    same("one that another run uses: status", done.returncode, 125)
    check("one that another run uses: said", "in use by another `krait process`" in done.stderr, done.stderr)
    first.kill()
    first.wait()
    os.remove(folder.input + "/b")
    same("after the other run: status", folder.run("--resume", fresh=False).returncode, 0)
    same("after the other run: one file", [name for name in os.listdir(folder.path) if name.startswith("out.db")], ["out.db"])
    keep = folder.path + "/keep.db"
    shutil.copy(folder.db, keep)
    for name, at, part in (("another version", 60, "is of version 16777217"),
                           ("another program's", 68, "the database of another program")):
        shutil.copy(keep, folder.db)
        with open(folder.db, "r+b") as file:
            file.seek(at)
            file.write(b"\1")
        refused(folder, name, part, "--resume")
        refused(folder, name + ", without --resume", part)
    with open(folder.db, "wb") as file:
        file.write(b"a text of mine\n")
    refused(folder, "a text", "no SQLite database", "--resume")
    os.remove(folder.db)
    connection = sqlite3.connect(folder.db)
    connection.execute("CREATE TABLE mine(a)")
    connection.close()
    refused(folder, "somebody's database", "another program", "--resume")
    os.remove(folder.db)
    os.mkdir(folder.db)
    done = folder.run(fresh=False)
    same("a folder", done.returncode, 125)
    os.rmdir(folder.db)

    # Resume
    shutil.copy(keep, folder.db)
    folder.write("c", "call c\n")
    done = folder.run("--resume", fresh=False)
    check("--resume does what is new", "1 documents" in done.stdout and "were done before" in done.stdout, done)
    same("it knows the tables", folder.query("SELECT name FROM calls ORDER BY name"), [("a",), ("c",)])
    folder.write("d", 'table all [{"name":"i","data_type":"Int64"}]\nfail 1\n')
    folder.write("e", 'table all [{"name":"i","data_type":"Int64"}]\n')
    folder.write("f", 'table mine [{"name":"i","data_type":"Int64"}]\nrow mine [{"Int64":1}]\n')
    folder.run("--resume", fresh=False)
    check("and what they are like", "e" in folder.status(), folder.status())
    connection = sqlite3.connect(folder.db)
    connection.execute("ALTER TABLE mine ADD COLUMN more VARCHAR(3)")
    connection.commit()
    connection.close()
    refused(folder, "a table that somebody has changed", "the table 'mine' is not as", "--resume")
    folder.remove_db()
    done = folder.run("--resume", fresh=False)
    same("--resume without a database begins one", len(folder.status()), 5)
    same("a module of another mind", folder.query("SELECT stdout FROM __wadup_module_output "
                                                  "JOIN __wadup_content ON uuid = content_uuid WHERE filename = 'e'"),
         [("-6\n",)])

# Disks that are full.
with Folder() as folder:
    for number in range(200):
        folder.write("%03d" % number, "big 200000\n")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20))
    done = folder.run(preexec_fn=limit)
    same("files of 16 MiB at most: status", done.returncode, 125)
    check("files of 16 MiB at most: said", "out.db" in done.stderr and "--resume goes on" in done.stderr, done.stderr)
    done = folder.run("--resume", fresh=False)
    same("it goes on when there is room", done.returncode, 0)
    same("every document once", folder.query("SELECT count(*), count(DISTINCT path) FROM __wadup_content"), [(200, 200)])
    same("every row once", folder.query("SELECT count(*) FROM texts"), [(200,)])
    folder.check_database("after a full disk")
    script = 'mount -t tmpfs -o size=1m none "$1" 2>/dev/null || exit 77; shift; "$@"'
    small = folder.path + "/small"
    os.mkdir(small)
    folder.db = small + "/out.db"
    if shutil.which("unshare"):
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", small, *folder.line()],
                              capture_output=True, text=True, env=environment(), timeout=100)
        if done.returncode == 125:
            check("a full disk is named", "out.db" in done.stderr, done.stderr)
        else:
            print("no small disk could be mounted here: that case is left out")
            same("or else", done.returncode in (1, 77), True)
finish()
