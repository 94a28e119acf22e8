# SPDX-License-Identifier: Apache-2.0
"""`krait process`: what goes in, what comes out, who fails, and what is said of it."""
import hashlib
import json
import subprocess

from harness import KRAIT, Folder, check, environment, finish, last_json, same

with Folder(("obey",)) as folder:
    folder.add_module("obey", "second")
    folder.write("1.txt", "call one\nout hello\nerr oops\n")
    folder.write("2.txt", "call two\nchild a.txt call inner|child b.txt call deep\nslice 0 8 cut\n")
    folder.write("3.txt", "call three\nfail 7\n")
    folder.write("4.txt", "trap\n")
    folder.write("5.txt", "call five\n")
    folder.write("empty", "")
    done = folder.run()
    same("some documents failed: status 1", done.returncode, 1)
    check("a summary", "14 documents" in done.stdout and "2 failed" in done.stdout, done.stdout)
    folder.check_database("two modules")
    status = folder.status()
    same("a good one", status["1.txt"], ("success", None))
    same("both modules failed", status["3.txt"],
         ("failed", "Module 'obey' returned error code: 7; Module 'second' returned error code: 7"))
    same("both trapped", status["4.txt"],
         ("failed", "Module 'obey' trapped: unreachable; Module 'second' trapped: unreachable"))
    names = [row[0] for row in folder.query("SELECT name FROM calls ORDER BY name")]
    same("each row as often as it was given", names,
         ["deep"] * 8 + ["five"] * 2 + ["inner"] * 4 + ["one"] * 2 + ["two"] * 6)
    same("output", folder.query("SELECT module_name, stdout, stderr, stdout_truncated, stderr_truncated "
                                "FROM __wadup_module_output o JOIN __wadup_content ON uuid = content_uuid "
                                "WHERE filename = '1.txt' ORDER BY 1"),
         [("obey", "hello\n", "oops\n", 0, 0), ("second", "hello\n", "oops\n", 0, 0)])
    base = folder.input + "/2.txt"
    same("sub-content of both modules, and what was found in it", folder.query(
        "SELECT c.path, c.depth, c.size, p.filename, count(*) FROM __wadup_content c "
        "JOIN __wadup_content p ON c.parent_uuid = p.uuid GROUP BY 1, 2, 3, 4 ORDER BY 1"),
         [(base + "!a.txt", 1, 32, "2.txt", 2), (base + "!a.txt!b.txt", 2, 9, "a.txt", 4),
          (base + "!cut", 1, 8, "2.txt", 2)])

with Folder() as folder:
    for i in range(1, 6):
        folder.write("%d.txt" % i, "call n%d\ndescribe\n" % i)
    done = folder.run()
    same("all succeeded: status 0", done.returncode, 0)
    same("an instance lives on", folder.query("SELECT name, call FROM calls ORDER BY rowid"),
         [("n%d" % i, i) for i in range(1, 6)])
    described = [json.loads(text) for text, in folder.query("SELECT text FROM described ORDER BY rowid")]
    with open(folder.input + "/3.txt", "rb") as file:
        contents = file.read()
    wanted = folder.query("SELECT uuid, sha256, content_type, size, path FROM __wadup_content "
                          "WHERE filename = '3.txt'")[0]
    same("what a module is told", described[2],
         {"filename": "3.txt", "path": folder.input + "/3.txt", "size": len(contents),
          "sha256": hashlib.sha256(contents).hexdigest(), "type": "text/plain", "depth": 0,
          "parent": None, "uuid": wanted[0]})
    same("is what the database has", wanted[1:],
         (hashlib.sha256(contents).hexdigest(), "text/plain", len(contents), folder.input + "/3.txt"))
    folder.run("--state", "fresh")
    same("a fresh one does not", folder.query("SELECT name, call FROM calls ORDER BY rowid"),
         [("n%d" % i, 1) for i in range(1, 6)])
    done = folder.run("--json", "--quiet")
    summary = json.loads(done.stdout)
    same("the summary as JSON", (summary["documents"], summary["failed"], summary["rows"],
                                 summary["tables"], summary["interrupted"]), (5, 0, 10, 2, False))
    same("and quiet otherwise", done.stderr, "")
    done = folder.run()
    end = last_json(done.stderr)
    same("progress as JSON", (end["event"], end["done"], end["found"], end["documents"]),
         ("end", 5, 5, 5))
    folder.run("--input", folder.input + "/2.txt", inputs=[folder.input + "/1.txt", folder.input])
    same("each document once, whatever named it", len(folder.query("SELECT * FROM calls")), 5)

with Folder() as folder:
    for i in range(2000):
        folder.write("%02d/%04d.txt" % (i % 7, i), "call n%d\nchild c call c%d\n" % (i, i))
    folder.write("big.txt", "flood 3000\n")
    folder.run(threads=1)
    one = folder.query("SELECT name FROM calls ORDER BY 1")
    for threads in (2, 5):
        done = folder.run(threads=threads)
        same("%d workers succeed" % threads, done.returncode, 0)
        same("and give the rows of one", folder.query("SELECT name FROM calls ORDER BY 1"), one)
        same("and documents", folder.query("SELECT status, count(*) FROM __wadup_content GROUP BY 1"),
             [("success", 7001)])
        folder.check_database("%d workers" % threads)

# --test
with Folder() as folder:
    path = folder.write("d.txt", 'table t [{"name":"a","data_type":"Float64"},{"name":"b","data_type":'
                                 '"Bytes"}]\nrow t [{"Float64":"nan"},{"Bytes":"AAEC"}]\n'
                                 'row t [{"Float64":1e300},{"Null":null}]\nchild x.bin abc\nerr e\n')
    module = folder.modules + "/obey.wasm"
    done = subprocess.run([KRAIT, "process", "--test", module, path], capture_output=True, text=True,
                          env=environment())
    result = json.loads(done.stdout)
    same("one file: it succeeds", (done.returncode, result["success"], result["error"]), (0, True, None))
    same("its output", (result["stdout"], result["stderr"]), ("0\n0\n0\n", "e\n"))
    same("its table", result["metadata"]["tables"],
         [{"name": "t", "columns": [{"name": "a", "data_type": "Float64"},
                                    {"name": "b", "data_type": "Bytes"}]}])
    same("its rows", [row["values"] for row in result["metadata"]["rows"]],
         [[{"Float64": "nan"}, {"Bytes": "AAEC"}], [{"Float64": 1e300}, {"Null": None}]])
    same("its sub-content", result["subcontent"],
         [{"index": 0, "filename": "x.bin", "data_hex": "616263", "size": 3, "truncated": False,
           "metadata": {"filename": "x.bin"}}])
    folder.write("d.txt", "call x\nfail 3\n")
    done = subprocess.run([KRAIT, "process", "test", "-m", module, "-s", path, "-f", "other.txt"],
                          capture_output=True, text=True, env=environment())
    result = json.loads(done.stdout)
    same("one file: it fails", (done.returncode, result["success"], result["exit_code"],
                                result["error"], result["metadata"]["rows"]),
         (1, False, 3, "returned error code: 3", []))
finish()
