-- +goose Up
CREATE TABLE provision (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    author TEXT NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL, -- empty: removed
    UNIQUE (kind, name, version)
);
CREATE TABLE trunk_states (trunk TEXT PRIMARY KEY, at TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE dialled (trunk TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX dialled_trunk ON dialled (trunk, at);
