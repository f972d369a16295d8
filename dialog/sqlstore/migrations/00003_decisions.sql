-- +goose Up
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, call TEXT NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL, args TEXT NOT NULL, flow TEXT NOT NULL,
    model INTEGER NOT NULL, level TEXT NOT NULL, customer TEXT NOT NULL, allowed INTEGER NOT NULL, rule TEXT NOT NULL
);
CREATE INDEX decisions_call ON decisions (call);
