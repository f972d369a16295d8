package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"

	"attendant/crm"
	"attendant/crm/local"
	"attendant/deploy/demo"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/sqlstore"
	"attendant/media"
)

// conversation is a scripted one with the demo company, with what must come of
// it: see deploy/demo/conversations.
type conversation struct {
	Name     string
	Caller   string // the calling number
	Line     string // "narrow" reads numbers back
	Verified string // a customer
	Language string
	Turns    []scripted
	Outcome  string
	Then     checks
}

// scripted is one turn of the caller: exactly one of the first five.
type scripted struct {
	Say       string
	Heard     float64 // how sure the recogniser is of it; 0 is sure
	Keys      string
	Silence   bool
	Code      bool // keys the one-time code that was sent
	WrongCode bool `yaml:"wrong_code"`

	Expect strs // parts of the reply
	Never  strs
	Action *wanted
}

// strs is a string or a list of them.
type strs []string

func (s *strs) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if unmarshal(&one) == nil {
		*s = strs{one}
		return nil
	}
	return unmarshal((*[]string)(s))
}

// wanted is an action that must have been taken in a turn.
type wanted struct {
	Operation string
	Args      map[string]string
	Outcome   string
}

func (w *wanted) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&w.Operation) == nil {
		return nil
	}
	type plain wanted
	return unmarshal((*plain)(w))
}

// checks are what must stand in the database afterwards.
type checks struct {
	Order        map[string]string
	Customer     map[string]string
	Tickets      *int
	Refunds      *int
	Appointments *struct {
		Phone, Customer, Specialist string
		Count                       int
	}
	Messages *struct{ To, Contains string }
	Leads    *struct{ Phone, Interest string }
}

// tuesday is the moment of all conversations.
var tuesday = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// TestConversations holds all of them with the rules. Before each step of the
// engine its state is written down, and goes on the same when it is read again.
func TestConversations(t *testing.T) {
	demoArticles(t)
	for name, c := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold(t, c, func(a *dialog.Attendant, _ *company) { a.Trace = writtenDown(t, a.Flows) })
			})
		})
	}
}

// writtenDown checks that a state that was written down goes on as the state itself.
func writtenDown(t *testing.T, e *flow.Engine) func(flow.State, flow.Input, flow.State, []flow.Effect) {
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return func(before flow.State, in flow.Input, after flow.State, effects []flow.Effect) {
		var again flow.State
		if err := json.Unmarshal([]byte(text(before)), &again); err != nil {
			t.Fatal(err)
		}
		state, others := e.Step(again, in)
		if text(state) != text(after) || text(others) != text(effects) {
			t.Errorf("a state that was written down goes on otherwise: %s\n%s\nwant %s\n%s", text(state), text(others), text(after), text(effects))
		}
	}
}

// scripts are all conversations by file and name, in order.
func scripts(t *testing.T) iter.Seq2[string, conversation] {
	t.Helper()
	files, err := fs.Glob(demo.Files, "conversations/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	return func(yield func(string, conversation) bool) {
		total := 0
		for _, name := range files {
			data, err := demo.Files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var list []conversation
			if err := yaml.UnmarshalWithOptions(data, &list, yaml.Strict()); err != nil {
				t.Fatalf("%s: %s", name, yaml.FormatError(err, false, true))
			}
			for _, c := range list {
				total++
				if !yield(strings.TrimSuffix(filepath.Base(name), ".yaml")+"/"+c.Name, c) {
					return
				}
			}
		}
		t.Logf("%d conversations", total)
	}
}

// stage is a conversation going on.
type stage struct {
	*testing.T
	script  conversation
	records *local.CRM
	store   *sqlstore.Store
	at      int // the turn whose reply is awaited; -1 is the greeting
	outcome string
}

// hold holds a conversation with the demo's attendant as prepare makes it.
func hold(t *testing.T, script conversation, prepare func(*dialog.Attendant, *company)) {
	a, company, store := demoAttendant(t)
	defer store.Close()
	prepare(a, company)
	records, err := local.Open(t.Context(), store.DB())
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, script: script, records: records, store: store, at: -1}
	chat := dialog.Chat{Line: media.Wideband, Number: script.Caller, Verified: script.Verified, Language: script.Language}
	chat.Heard = s.heard
	if script.Line == "narrow" {
		chat.Line = media.Narrowband
	}
	if err := a.Chat(t.Context(), chat, s.next, s.hear); err != nil {
		t.Fatal(err)
	}
	if s.at+1 < len(script.Turns) {
		t.Errorf("the call ended after turn %d of %d", s.at+1, len(script.Turns))
	}
	if script.Outcome != "" && s.outcome != script.Outcome {
		t.Errorf("outcome %q, want %q", s.outcome, script.Outcome)
	}
	s.then()
}

// next is the caller's next line.
func (s *stage) next() (string, bool) {
	if s.at++; s.at >= len(s.script.Turns) {
		return "", false
	}
	switch turn := s.script.Turns[s.at]; {
	case turn.Silence:
		return "", true
	case turn.Code:
		return "#" + s.code(), true
	case turn.WrongCode:
		return "#" + map[bool]string{true: "000000", false: "999999"}[s.code() != "000000"], true
	case turn.Keys != "":
		return "#" + strings.TrimPrefix(turn.Keys, "#"), true
	default:
		return turn.Say, true
	}
}

// heard is how sure a recogniser is of the last line.
func (s *stage) heard() float64 {
	if h := s.script.Turns[s.at].Heard; h > 0 {
		return h
	}
	return 1
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func (s *stage) code() string {
	sent, err := s.records.Outbox(context.Background(), 1)
	if err != nil || len(sent) == 0 {
		return "000000"
	}
	return sixDigits.FindString(sent[0].Text)
}

// hear checks what the attendant says and does.
func (s *stage) hear(x dialog.Exchange) {
	if x.Side != "attendant" || s.at < 0 || s.at >= len(s.script.Turns) {
		return
	}
	s.outcome = x.Outcome
	turn := s.script.Turns[s.at]
	who := fmt.Sprintf("turn %d (%s%s)", s.at+1, turn.Say, turn.Keys)
	low := strings.ToLower(x.Text)
	for _, part := range turn.Expect {
		if !strings.Contains(low, strings.ToLower(part)) {
			s.Errorf("%s: %q is not in %q", who, part, x.Text)
		}
	}
	for _, part := range turn.Never {
		if strings.Contains(low, strings.ToLower(part)) {
			s.Errorf("%s: %q is in %q", who, part, x.Text)
		}
	}
	if turn.Action != nil && !slices.ContainsFunc(x.Actions, turn.Action.is) {
		s.Errorf("%s: no action %+v among %+v", who, *turn.Action, x.Actions)
	}
}

func (w *wanted) is(a dialog.ActionRecord) bool {
	for k, v := range w.Args {
		if a.Args[k] != v {
			return false
		}
	}
	return a.Operation == w.Operation && (w.Outcome == "" || a.Outcome == w.Outcome)
}

// then checks the database.
func (s *stage) then() {
	s.Helper()
	ctx, c := context.Background(), s.script.Then
	if c.Order != nil {
		o, err := s.records.GetOrder(ctx, c.Order["number"])
		if err != nil || c.Order["status"] != "" && string(o.Status) != c.Order["status"] ||
			c.Order["quantity"] != "" && fmt.Sprint(o.Items[0].Quantity) != c.Order["quantity"] {
			s.Errorf("order %+v, %v; want %v", o, err, c.Order)
		}
	}
	if c.Customer != nil {
		p, err := s.records.FindCustomer(ctx, crm.CustomerQuery{ID: c.Customer["id"]})
		got := map[string]string{"id": p.ID, "street": p.Street, "city": p.City, "postcode": p.Postcode, "phone": p.Phone, "email": p.Email}
		for k, v := range c.Customer {
			if err != nil || !strings.EqualFold(got[k], v) {
				s.Errorf("customer's %s is %q, %v; want %q", k, got[k], err, v)
			}
		}
	}
	s.count("tickets", `SELECT count(*) FROM crm_tickets`, c.Tickets)
	s.count("refunds", `SELECT count(*) FROM crm_refunds`, c.Refunds)
	s.contacts()
}

func (s *stage) count(what, query string, want *int) {
	if want == nil {
		return
	}
	var n int
	if err := s.store.DB().QueryRow(query).Scan(&n); err != nil || n != *want {
		s.Errorf("%d %s, %v; want %d", n, what, err, *want)
	}
}

func (s *stage) contacts() {
	ctx, c := context.Background(), s.script.Then
	if a := c.Appointments; a != nil {
		list, err := s.records.ListAppointments(ctx, crm.AppointmentQuery{Phone: a.Phone, CustomerID: a.Customer})
		if err != nil || len(list) != a.Count || a.Specialist != "" && !slices.ContainsFunc(list, func(x crm.Appointment) bool { return x.Specialist == a.Specialist }) {
			s.Errorf("appointments %+v, %v; want %+v", list, err, *a)
		}
	}
	if m := c.Messages; m != nil {
		sent, err := s.records.Outbox(ctx, 10)
		if err != nil || !slices.ContainsFunc(sent, func(x crm.Message) bool { return x.To == m.To && strings.Contains(x.Text, m.Contains) }) {
			s.Errorf("messages %+v, %v; want %+v", sent, err, *m)
		}
	}
	if l := c.Leads; l != nil {
		n := 0
		err := s.store.DB().QueryRow(`SELECT count(*) FROM crm_leads WHERE (? = '' OR phone = ?) AND interest = ?`, l.Phone, l.Phone, l.Interest).Scan(&n)
		if err != nil || n != 1 {
			s.Errorf("%d leads, %v; want %+v", n, err, *l)
		}
	}
}
