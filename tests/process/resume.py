# SPDX-License-Identifier: Apache-2.0
"""--resume and documents that have changed: they are done again, with nothing left of what they were; others are not."""
import os
import random
import signal
import sqlite3
import subprocess
import zipfile

from harness import Folder, check, environment, finish, last_json, same

# Everything but the uuids and the time: what two databases of the same documents have in common.
TABLES = (
    "SELECT path, filename, parent_uuid IS NULL, status, error_message, sha256, size, depth FROM __wadup_content",
    "SELECT path, name FROM calls JOIN __wadup_content ON uuid = content_uuid",
    "SELECT path, n FROM numbers JOIN __wadup_content ON uuid = content_uuid",
    "SELECT path, stdout FROM __wadup_module_output JOIN __wadup_content ON uuid = content_uuid",
    "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM numbers), (SELECT count(*) FROM __wadup_module_output)")


def contents(folder):
    return [sorted(folder.query(sql), key=repr) for sql in TABLES]


def resume(folder, *options, **more):
    done = folder.run("--resume", "--json", *options, fresh=False, **more)
    found = last_json(done.stdout)
    return done, (found["roots"], found["resumed"], found["changed"])


def uuids(folder):
    return dict(folder.query("SELECT path, uuid FROM __wadup_content"))


# Other bytes, other sizes, trees, documents that could not be read.
with Folder() as folder:
    tree = "call tree %s\nrows 3\nchild one call %s|out %s\nchild two rows 2|child deep call deep%s\n"
    folder.write("same", "call same\nrows 2\nout x\nchild in call in\n")
    folder.write("bytes", "call before\n")
    folder.write("size", "call before\nrows 4\nout before\n")
    folder.write("tree", tree % (("a",) * 4))
    folder.write("empty", "")
    folder.write("failed", "fail 3\n")
    folder.write("trap", "trap\n")
    os.symlink("nowhere", folder.input + "/link")
    same("the first run", folder.run().returncode, 1)
    same("one could not be read", folder.status()["link"][1], "cannot read: No such file or directory")
    first = contents(folder)
    before = uuids(folder)
    done, counts = resume(folder)
    same("nothing has changed: counts", counts, (0, 8, 0))
    same("nothing has changed: status", done.returncode, 0)
    same("nothing has changed: the database", (contents(folder), uuids(folder)), (first, before))

    os.utime(folder.input + "/same")
    folder.write("bytes", "call behind\n")
    folder.write("size", "call behind\n")
    folder.write("tree", tree % (("b",) * 4))
    folder.write("empty", "call one\n")
    folder.write("failed", "fail 0\n")
    folder.write("nowhere", "call late\n")
    folder.write("new", "call new\n")
    done, counts = resume(folder, threads=2)
    same("they are done again: counts", counts, (8, 2, 6))
    same("they are done again: status", done.returncode, 0)
    after = uuids(folder)
    same("the others are the same rows", {path for path in before if before[path] == after.get(path)},
         {folder.input + name for name in ("/same", "/same!in", "/trap")})
    found = contents(folder)
    folder.check_database("documents that have changed")
    folder.run(threads=2)
    same("as if they had always been so", found, contents(folder))

    # Not a sign that it has changed.
    kept = contents(folder)
    os.remove(folder.input + "/nowhere")
    done, counts = resume(folder)
    same("what cannot be read any more: counts", counts, (0, 9, 0))
    same("it keeps what it has", contents(folder), kept)
    check("and is named", "link': cannot read: No such file or directory: it keeps" in done.stderr, done.stderr)
    os.remove(folder.input + "/link")
    done, counts = resume(folder)
    same("what is not found any more", (counts, contents(folder)), ((0, 8, 0), kept))

    # By the path alone.
    folder.write("size", "call other\n")
    folder.write("more", "call more\n")
    for word in ("paths", "contents"):
        done = folder.run("--resume=" + word, "--json", fresh=False)
        found = last_json(done.stdout)
        same("--resume=" + word, (found["roots"], found["resumed"], found["changed"]),
             {"paths": (1, 8, 0), "contents": (1, 8, 1)}[word])
    same("--resume=x", folder.run("--resume=x", fresh=False).returncode, 2)
    connection = sqlite3.connect(folder.db)
    connection.execute("UPDATE __wadup_content SET uuid = 'mine' WHERE filename = 'more'")
    connection.commit()
    connection.close()
    done = folder.run("--resume", fresh=False)
    same("a uuid of somebody else: status", done.returncode, 126)
    check("a uuid of somebody else: said", "'__wadup_content' is not as" in done.stderr, done.stderr)

# Members of archives, also of the same name.
with Folder() as folder:
    def archive(*members):
        with zipfile.ZipFile(folder.input + "/a.zip", "w") as file:
            for name, text in members:
                file.writestr(zipfile.ZipInfo(name), text)

    archive(("x", "call x\n"), ("y", "call y\n"), ("z", "call z\n"))
    folder.run("--archives")
    archive(("x", "call x\n"), ("y", "call Y\n"), ("z", "call longer\n"), ("new", "call new\n"))
    done, counts = resume(folder, "--archives")
    same("members: counts", counts, (3, 1, 2))
    same("members: rows", sorted(folder.query("SELECT name FROM calls")), [("Y",), ("longer",), ("new",), ("x",)])
    import warnings
    warnings.simplefilter("ignore")
    archive(("x", "call first\n"), ("x", "call second\n"))
    folder.run("--archives")
    connection = sqlite3.connect(folder.db)
    connection.execute("DELETE FROM calls WHERE name = 'second'")
    connection.execute("DELETE FROM __wadup_content WHERE path LIKE '%#2'")
    connection.commit()
    connection.close()
    for word in ("paths", "contents"):
        shown = folder.run("--archives", "--resume=" + word, "--json", fresh=False)
        same("the second of a name, %s" % word, sorted(folder.query("SELECT name FROM calls")),
             [("first",), ("second",)])
        same("members of one name, %s" % word, last_json(shown.stdout)["resumed"], 1 if word == "paths" else 2)

# Kills while everything is done again: each document has what it was, or what it is, and never both.
with Folder() as folder:
    seed = int.from_bytes(os.urandom(4), "little")
    print("seed %d" % seed)
    random.seed(seed)

    def fill(version):
        for number in range(300):
            text = "call %s%d\nrows %d\n" % (version, number, number % 9)
            if number % 5 == 0:
                text += "out %s\n" % version
            if number % 7 == 0:
                text += "child a call %s|child b rows 2\nflood 20\n" % version
            folder.write("%03d" % number, text)
        folder.write("tree", "call %s\nflood 1500\n" % version)

    fill("a")
    folder.run(threads=2)
    fill("b")
    for attempt in range(12):
        process = subprocess.Popen(folder.line("--resume", threads=random.choice((1, 2, 3))), env=environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=random.random() * 0.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        connection = sqlite3.connect(folder.db)
        mixed = connection.execute(
            "SELECT path, group_concat(DISTINCT substr(name, 1, 1)) FROM calls JOIN __wadup_content ON uuid = "
            "content_uuid WHERE depth = 0 GROUP BY path HAVING count(*) <> 1").fetchall()
        twice = connection.execute("SELECT path FROM __wadup_content WHERE depth = 0 "
                                   "GROUP BY path HAVING count(*) <> 1").fetchall()
        connection.close()
        same("killed: a document has its rows once", (mixed, twice), ([], []))
    folder.run("--resume", fresh=False, threads=2)
    found = contents(folder)
    folder.check_database("after kills")
    folder.run(threads=2)
    same("killed while documents are done again", found, contents(folder))
finish()
