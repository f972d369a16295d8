-- +goose Up
CREATE TABLE phone_bindings (phone TEXT PRIMARY KEY, bindings TEXT NOT NULL);
