package local

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver

	"attendant/crm"
	"attendant/crm/crmtest"
	"attendant/deploy/demo"
)

func open(t *testing.T) *CRM {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "crm.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConnector(t *testing.T) {
	c := open(t)
	data, err := demo.Files.ReadFile("crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // reading the data in again changes nothing
		if err := c.Import(t.Context(), data, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	crmtest.TestConnector(t, c)
	crmtest.TestWrites(t, c)
	if m, err := c.Outbox(t.Context(), 10); err != nil || len(m) != 2 {
		t.Errorf("outbox %+v, %v; want a link and a message", m, err)
	}
	if p, err := c.FindCustomer(t.Context(), crm.CustomerQuery{Order: "12345", PIN: "2468"}); err != nil || p.ID != "c1" {
		t.Errorf("right PIN: %+v, %v", p, err)
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	c := open(t)
	bad := "customers:\n  - {id: c1, name: A, phone: x, email: x, street: x, city: x, postcode: x}\n  - {id: c1, name: B, phone: x, email: x, street: x, city: x, postcode: x}\n"
	if err := c.Import(t.Context(), []byte(bad), time.Now()); err == nil || !strings.Contains(err.Error(), "c1") {
		t.Errorf("error %v, want one that names c1", err)
	}
	var n int
	if err := c.db.QueryRow(`SELECT count(*) FROM crm_customers`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d customers, %v; want none", n, err)
	}
	if err := c.Import(t.Context(), []byte("kustomers: []\n"), time.Now()); err == nil {
		t.Error("an unknown key is taken")
	}
}

func TestCheckNamesTheLine(t *testing.T) {
	err := Check([]byte("customers:\n  - {id: c1, name: A}\n  - {id: c1, name: B}\norders:\n  - {number: \"1\", customer: c9, status: lost}\n" +
		"specialists:\n  - {name: M, services: [], hours: [\"9\"], minutes: 60}\nappointments:\n  - {customer: c1, specialist: N}\nhistory:\n  - {customer: c8}\n"))
	for _, want := range []string{
		"crm.yaml:3: customer \"c1\"", "crm.yaml:5: no customer \"c9\"", "crm.yaml:5: order 1: status", "crm.yaml:7: specialist M needs",
		"crm.yaml:7: specialist M: hour", "crm.yaml:9: no specialist \"N\"", "crm.yaml:11: no customer \"c8\"",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
	if err := Check([]byte("customers:\n  - {kustomer: x}\n")); err == nil || !strings.HasPrefix(err.Error(), "crm.yaml:2: ") {
		t.Errorf("an unknown key: %v", err)
	}
}
