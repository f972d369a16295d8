-- +goose Up
ALTER TABLE crm_customers ADD COLUMN pin TEXT NOT NULL DEFAULT '';
ALTER TABLE crm_customers ADD COLUMN language TEXT NOT NULL DEFAULT '';
CREATE TABLE crm_keys (key TEXT PRIMARY KEY, request TEXT NOT NULL, result TEXT NOT NULL);
CREATE TABLE crm_returns (
    number INTEGER PRIMARY KEY AUTOINCREMENT, order_number TEXT NOT NULL, item TEXT NOT NULL, reason TEXT NOT NULL, until TEXT NOT NULL
);
CREATE TABLE crm_refunds (
    number INTEGER PRIMARY KEY AUTOINCREMENT, order_number TEXT NOT NULL, cents INTEGER NOT NULL, currency TEXT NOT NULL
);
CREATE TABLE crm_slots (
    id TEXT PRIMARY KEY, specialist TEXT NOT NULL, service TEXT NOT NULL, start TEXT NOT NULL, minutes INTEGER NOT NULL,
    appointment INTEGER
);
CREATE INDEX crm_slots_start ON crm_slots (start);
CREATE TABLE crm_appointments (
    number INTEGER PRIMARY KEY AUTOINCREMENT, slot_id TEXT NOT NULL REFERENCES crm_slots (id), customer_id TEXT NOT NULL,
    name TEXT NOT NULL, phone TEXT NOT NULL, note TEXT NOT NULL, cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE crm_leads (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, phone TEXT NOT NULL, email TEXT NOT NULL, company TEXT NOT NULL,
    interest TEXT NOT NULL, answers TEXT NOT NULL, call_id TEXT NOT NULL
);
CREATE TABLE crm_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX crm_calls_customer ON crm_calls (customer_id, started);
