"""The tables of the manifest."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, study TEXT NOT NULL,
    code TEXT, message TEXT, hint TEXT, search INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_of_study ON files (study);
CREATE TABLE IF NOT EXISTS examinations (
    name TEXT PRIMARY KEY, study TEXT NOT NULL UNIQUE, state TEXT NOT NULL, signature TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, code TEXT, message TEXT, hint TEXT,
    seconds REAL NOT NULL DEFAULT 0, bytes_read INTEGER NOT NULL DEFAULT 0, worker TEXT NOT NULL DEFAULT '',
    changed REAL NOT NULL DEFAULT 0, delivery_attempts INTEGER NOT NULL DEFAULT 0, delivery_due REAL,
    delivery_error TEXT);
CREATE INDEX IF NOT EXISTS examinations_in_state ON examinations (state);
CREATE TABLE IF NOT EXISTS images (
    examination TEXT NOT NULL, sop_instance_uid TEXT, laterality TEXT, view TEXT, score REAL, clusters INTEGER,
    calcifications INTEGER, largest_cluster_mm REAL, warnings INTEGER);
CREATE INDEX IF NOT EXISTS images_of_examination ON images (examination);
CREATE TABLE IF NOT EXISTS refusals (examination TEXT NOT NULL, source TEXT, code TEXT, message TEXT, hint TEXT);
CREATE INDEX IF NOT EXISTS refusals_of_examination ON refusals (examination);
CREATE TABLE IF NOT EXISTS fetched (query TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
