# SPDX-License-Identifier: Apache-2.0
"""Reads orders (CSV) and customers (JSON), writes an SQLite database with both, a report
that it computes with SQL, and a zip of the two.

usage: csv2sqlite.py INPUT-FOLDER OUTPUT-FOLDER
"""
import csv
import decimal
import json
import pathlib
import sqlite3
import sys
import zipfile

SCHEMA = """
CREATE TABLE customer (id TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL);
CREATE TABLE purchase (
    number INTEGER PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer (id),
    item TEXT NOT NULL,
    cents INTEGER NOT NULL
);
"""

REPORT = """
SELECT name, country, count(*), sum(cents)
FROM purchase JOIN customer ON customer.id = purchase.customer
GROUP BY customer.id ORDER BY sum(cents) DESC
"""


def read_customers(path):
    with open(path, encoding="utf-8") as f:
        for customer in json.load(f):
            yield customer["id"], customer["name"], customer["country"]


def read_orders(path):
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            total = decimal.Decimal(row["price"]) * int(row["quantity"])
            yield int(row["order"]), row["customer"], row["item"], int(total * 100)


def main(source, target):
    source, target = pathlib.Path(source), pathlib.Path(target)
    database = target / "shop.db"
    database.unlink(missing_ok=True)
    db = sqlite3.connect(database)
    with db:
        db.executescript(SCHEMA)
        db.executemany("INSERT INTO customer VALUES (?, ?, ?)",
                       read_customers(source / "customers.json"))
        db.executemany("INSERT INTO purchase VALUES (?, ?, ?, ?)",
                       read_orders(source / "orders.csv"))
    report = target / "report.csv"
    with open(report, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["customer", "country", "orders", "total"])
        for name, country, orders, cents in db.execute(REPORT):
            out.writerow([name, country, orders, "%d.%02d" % divmod(cents, 100)])
    db.close()
    with zipfile.ZipFile(target / "shop.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (database, report):
            archive.write(path, path.name)
    print(report.read_text(encoding="utf-8"), end="")
    with zipfile.ZipFile(target / "shop.zip") as archive:
        assert archive.testzip() is None
        print("shop.zip:", *archive.namelist())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(sys.argv[1], sys.argv[2])
