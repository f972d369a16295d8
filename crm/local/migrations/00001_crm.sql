-- +goose Up
CREATE TABLE crm_customers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, phone TEXT NOT NULL, email TEXT NOT NULL,
    street TEXT NOT NULL, city TEXT NOT NULL, postcode TEXT NOT NULL
);
CREATE INDEX crm_customers_phone ON crm_customers (phone);
CREATE TABLE crm_orders (
    number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES crm_customers (id), status TEXT NOT NULL,
    place TEXT NOT NULL, expected TEXT NOT NULL, delivered TEXT NOT NULL, carrier TEXT NOT NULL,
    items TEXT NOT NULL, total_cents INTEGER NOT NULL, currency TEXT NOT NULL
);
CREATE TABLE crm_tickets (
    number INTEGER PRIMARY KEY AUTOINCREMENT, idempotency_key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, subject TEXT NOT NULL,
    body TEXT NOT NULL, customer_id TEXT NOT NULL, phone TEXT NOT NULL, call_id TEXT NOT NULL, created TEXT NOT NULL
);
CREATE TABLE crm_calls (
    idempotency_key TEXT PRIMARY KEY, call_id TEXT NOT NULL, customer_id TEXT NOT NULL, phone TEXT NOT NULL,
    started TEXT NOT NULL, seconds INTEGER NOT NULL, outcome TEXT NOT NULL, summary TEXT NOT NULL
);
