-- +goose Up
CREATE TABLE hand_overs (
    id TEXT PRIMARY KEY, call TEXT NOT NULL, number TEXT NOT NULL, open INTEGER NOT NULL,
    began TEXT NOT NULL, ended TEXT NOT NULL, row TEXT NOT NULL
);
CREATE INDEX hand_overs_call ON hand_overs (call);
CREATE INDEX hand_overs_number ON hand_overs (number, ended);
CREATE TABLE audits (at TEXT NOT NULL, call TEXT NOT NULL, row TEXT NOT NULL);
CREATE INDEX audits_call ON audits (call);
