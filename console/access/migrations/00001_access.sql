-- +goose Up
CREATE TABLE users (
    name TEXT PRIMARY KEY, display TEXT NOT NULL, hash TEXT NOT NULL, roles TEXT NOT NULL,
    disabled INTEGER NOT NULL, generation INTEGER NOT NULL, created TEXT NOT NULL
);
CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL);
CREATE INDEX sessions_expiry ON sessions (expiry);
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_by TEXT NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL
);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, remote TEXT NOT NULL,
    action TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE TABLE requests (
    who TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, at TEXT NOT NULL,
    status INTEGER NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (who, key)
);
CREATE INDEX requests_at ON requests (at);
