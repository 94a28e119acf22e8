# SPDX-License-Identifier: Apache-2.0
"""A database in a file: tables, transactions, full text, a second connection."""
import sqlite3

FILE = "/data/data.db"

with sqlite3.connect(FILE) as db:
    db.execute("pragma page_size = 4096")
    db.execute("create table animal (id integer primary key, name text, legs integer)")
    rows = [("krait", 0), ("heron", 2), ("newt", 4), ("ant", 6), ("Größe ☃", None)]
    db.executemany("insert into animal (name, legs) values (?, ?)", rows * 200)
    db.execute("create index by_legs on animal (legs, name)")
print(db.execute("select count(*), sum(legs), max(name) from animal").fetchone())

try:
    with db:
        db.execute("delete from animal where legs = 0")
        db.execute("insert into animal (id) values (1), (1)")
except sqlite3.IntegrityError as error:
    print("rolled back:", error)
print(db.execute("select count(*) from animal where legs = 0").fetchone())

db.execute("create virtual table words using fts5 (body)")
db.executemany("insert into words values (?)", [("the quick brown fox",), ("a lazy dog",)])
db.commit()
print(db.execute("select body from words where words match 'lazy'").fetchall())

other = sqlite3.connect(FILE)
print(other.execute("select json_group_array(distinct legs) from animal").fetchone())
print(other.execute("pragma integrity_check").fetchone())
other.close()
db.execute("delete from animal where id > 300")
db.commit()
db.execute("vacuum")
db.close()
