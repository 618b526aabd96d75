#!/usr/bin/env python3
"""Counts in a database, one transaction after the other, until it is killed or the file system is; each number that was committed
is printed first: transactions.py DATABASE JOURNAL_MODE"""
import sqlite3
import sys

path, mode = sys.argv[1:]
database = sqlite3.connect(path, isolation_level=None)
database.execute(f"PRAGMA journal_mode={mode}")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE IF NOT EXISTS item (number INTEGER PRIMARY KEY, text TEXT)")
number = database.execute("SELECT coalesce(max(number), 0) FROM item").fetchone()[0]
while True:
    number += 1
    database.execute("BEGIN")
    database.execute("INSERT INTO item VALUES (?, ?)", (number, "x" * (number * 37 % 3000)))
    database.execute("UPDATE item SET text = text || 'y' WHERE number = ?", (number // 2,))
    database.execute("COMMIT")
    print(number, flush=True)
