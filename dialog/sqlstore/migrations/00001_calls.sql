-- +goose Up
CREATE TABLE calls (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, outcome TEXT NOT NULL, flow TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT NOT NULL, record TEXT NOT NULL
);
CREATE INDEX calls_started ON calls (started);
CREATE INDEX calls_number ON calls (number);
