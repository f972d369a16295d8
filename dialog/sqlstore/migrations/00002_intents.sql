-- +goose Up
CREATE TABLE intents (
    key TEXT PRIMARY KEY, call TEXT NOT NULL, operation TEXT NOT NULL, args TEXT NOT NULL,
    state TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX intents_call ON intents (call);
CREATE TABLE tries (account TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX tries_account ON tries (account, at);
