//go:build e2e

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"attendant/crm"
	"attendant/crm/local"
	"attendant/dialog"
	"attendant/dialog/sqlstore"
	"attendant/media"
	"attendant/media/codec"
	"attendant/sip"
	"attendant/speech"
)

// callsAtOnce is how many callers talk at the same time: two cores recognise and
// speak for them all, on a slow machine and under the race detector as well.
const callsAtOnce = 4

// answered is what a caller says to a question that holds words of the
// attendant; "#" begins keys, and "code" keys the code that was sent.
type answered struct{ asked, says string }

// errand is what a caller wants, and how it is known that they have it.
type errand struct {
	flow    string
	says    string // to the greeting
	order   string // the order, which a read-back must name
	answers []answered
	done    string // said by the attendant in the end
	left    func(t *testing.T, s *kept, from string)
}

var proof = func(order, postcode string) []answered {
	return []answered{{"five digits", spelled(order)}, {"postcode", "#" + postcode + "#"}}
}

// spelled are digits as a caller says them.
func spelled(digits string) string {
	var out []string
	for _, d := range digits {
		out = append(out, strings.Fields("zero one two three four five six seven eight nine")[d-'0'])
	}
	return strings.Join(out, " ")
}

var errands = []errand{
	{
		flow: "order_status", says: "where is my order", order: "12345", done: "leipzig depot", answers: proof("12345", "04100"),
		left: func(t *testing.T, s *kept, from string) { s.acted(t, from, "get_order") },
	},
	{
		flow: "delayed_delivery", says: "my parcel is delayed", order: "54321", done: "thank you for your patience",
		answers: append(proof("54321", "20091"), answered{"will you wait for it", "i will wait"}, answered{"say wait", "i will wait"}),
		left:    func(t *testing.T, s *kept, from string) { s.acted(t, from, "get_order") },
	},
	{
		flow: "change_order", says: "i want to change my order", order: "30841", done: "now holds 5 solar lamp",
		answers: append(proof("30841", "20097"), answered{"what would you like to change", "the quantity"}, answered{"you can say quantity", "the quantity"},
			answered{"how many would you like", "five please"}, answered{"tell me a number", "five please"}, answered{"to 5 in all. is that right", "yes"}),
		left: func(t *testing.T, s *kept, _ string) {
			if o := s.order(t, "30841"); o.Items[0].Quantity != 5 {
				t.Errorf("the order holds %+v", o.Items)
			}
		},
	},
	{
		flow: "cancel_order", says: "i want to cancel my order", order: "90287", done: "is cancelled",
		answers: append(proof("90287", "34113"), answered{"shall i cancel order", "yes"}),
		left:    func(t *testing.T, s *kept, _ string) { s.status(t, "90287", crm.Cancelled) },
	},
	{
		flow: "return_item", says: "i want to return my kettle", order: "44613", done: "your return number is",
		answers: append(proof("44613", "99084"), answered{"what is the reason", "it is damaged"}, answered{"you can say not needed", "it is damaged"}, answered{"shall i register", "yes"}),
		left:    func(t *testing.T, s *kept, _ string) { s.status(t, "44613", crm.Returned) },
	},
	{
		flow: "refund", says: "i want a refund", order: "71122", done: "i have paid back",
		answers: append(proof("71122", "04100"), answered{"shall i pay back", "yes"}),
		left: func(t *testing.T, s *kept, _ string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_refunds WHERE order_number = ?`, "71122")
		},
	},
	{
		flow: "password_reset", says: "i forgot my password", order: "66509", done: "a link to choose a new password is on its way",
		answers: []answered{{"five digits", spelled("66509")}, {"key in the code", "code"}},
		left: func(t *testing.T, s *kept, _ string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_outbox WHERE recipient = 'greta@example.com' AND subject LIKE ?`, "%new password%")
		},
	},
	{
		flow: "book_appointment", says: "i want to book an appointment", done: "it is booked",
		answers: []answered{
			{"what is it about", "a repair"},
			{"please say solar panels", "a repair"},
			{"someone in particular", "i do not mind"},
			{"tell me a name", "i do not mind"},
			{"which day would suit", "next tuesday"},
			{"name a day", "next tuesday"},
			{"which one would you like", "the first one"},
			{"say first", "the first one"},
			{"would you like that one", "yes"},
			{"what name", "peter example"},
			{"first and last name", "peter example"},
			{"reach you", "#15550299#"},
			{"key in the number", "#15550299#"},
		},
		left: func(t *testing.T, s *kept, _ string) { s.booked(t, crm.AppointmentQuery{Phone: "15550299"}, 1) },
	},
	{
		flow: "reschedule_appointment", says: "i want to move my appointment", order: "12345", done: "it is moved",
		answers: append(proof("12345", "04100"), answered{"shall i move that one", "yes"}, answered{"which day would suit", "next wednesday"}, answered{"name a day", "next wednesday"},
			answered{"which one would you like", "the second one"}, answered{"say first", "the second one"}, answered{"would you like that one", "yes"}),
		left: func(t *testing.T, s *kept, _ string) {
			if a := s.booked(t, crm.AppointmentQuery{CustomerID: "c1"}, 1); len(a) == 1 && a[0].Start.Weekday() != time.Wednesday {
				t.Errorf("the appointment is on %v", a[0].Start)
			}
		},
	},
	{
		flow: "cancel_appointment", says: "cancel my appointment", order: "16896", done: "is cancelled",
		answers: append(proof("16896", "20091"), answered{"shall i cancel appointment", "yes"}),
		left:    func(t *testing.T, s *kept, _ string) { s.booked(t, crm.AppointmentQuery{CustomerID: "c2"}, 0) },
	},
	{
		flow: "troubleshooting", says: "my lamp does not switch on", done: "it works again",
		answers: []answered{{"which device is it", "the lamp"}, {"for example the lamp", "the lamp"}, {"tell me when you", "i am ready"}, {"does it switch on now", "yes"}},
		left: func(t *testing.T, s *kept, from string) {
			s.counts(t, 0, `SELECT count(*) FROM crm_tickets WHERE phone = ?`, from)
		},
	},
	{
		flow: "lead_qualification", says: "i am thinking of a heat pump", done: "our expert will call you",
		answers: []answered{
			{"what are you thinking of", "a heat pump"},
			{"please say solar panels", "a heat pump"},
			{"roof face", "facing south"},
			{"you can say south", "facing south"},
			{"kilowatt hours", "three hundred"},
			{"matters most", "the climate"},
			{"please say money", "the climate"},
			{"may i have your name", "peter example"},
			{"first and last name", "peter example"},
			{"reach you", "#15550298#"},
			{"key in the number", "#15550298#"},
			{"free advice", "no"},
		},
		left: func(t *testing.T, s *kept, _ string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_leads WHERE interest = 'heat_pump' AND phone = ?`, "15550298")
		},
	},
	{
		flow: "complaint", says: "i want to complain", done: "i have filed your complaint",
		answers: []answered{{"what happened", "the man who came on monday shouted at my mother"}, {"what went wrong", "the man who came on monday shouted at my mother"}},
		left: func(t *testing.T, s *kept, from string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_tickets WHERE kind = 'complaint' AND call_id = ?`, s.record(t, from).ID)
		},
	},
	{flow: "opening_hours", says: "tell me your business hours", done: "9 to 18 o'clock"},
	{
		flow: "address_change", says: "change my address", order: "12759", done: "from now on everything goes to",
		answers: []answered{
			{"five digits", spelled("12759")},
			{"postcode of the delivery", "#99080#"},
			{"you do not know it", "#99080#"},
			{"new street", "seven solar street"},
			{"house number and the street", "seven solar street"},
			{"new postcode", "#04109#"},
			{"or key it in.", "#04109#"},
			{"and the city", "south city"},
			{"just the city", "south city"},
			{"your new address is", "yes"},
		},
		left: func(t *testing.T, s *kept, _ string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_customers WHERE id = 'c11' AND postcode = ?`, "04109")
		},
	},
	{
		flow: "survey", says: "i want to give feedback", done: "thank you for your rating",
		answers: []answered{{"from one to five", "five"}, {"add a word", "no"}},
		left: func(t *testing.T, s *kept, from string) {
			s.counts(t, 1, `SELECT count(*) FROM crm_tickets WHERE kind = 'survey' AND subject = 'Rating 5 of 5' AND call_id = ?`, s.record(t, from).ID)
		},
	},
}

// enough errands are done by voice. A recogniser hears a synthetic voice wrong now
// and then, so that a caller does not get through; of those who do, everything must
// be right.
const enough = 12

// TestE2EFlowsByVoice has each errand done by a caller who phones and speaks over
// G.722, and looks at the books afterwards. The longest calls begin first.
func TestE2EFlowsByVoice(t *testing.T) {
	l := start(t)
	heard := follow(t, l)
	var done atomic.Int64
	var calling sync.WaitGroup
	turn := make(chan struct{}, callsAtOnce)
	order := slices.Clone(errands)
	slices.SortStableFunc(order, func(a, b errand) int { return len(b.answers) - len(a.answers) })
	for i, e := range order {
		turn <- struct{}{}
		calling.Go(func() {
			defer func() { <-turn }()
			t.Run(e.flow, func(t *testing.T) {
				if runErrand(t, l, heard, e, fmt.Sprintf("+1555021%02d", i)) {
					done.Add(1)
				}
			})
		})
	}
	calling.Wait()
	t.Logf("%d of %d errands were done by voice", done.Load(), len(errands))
	if n := done.Load(); n < enough {
		t.Errorf("%d of %d errands were done, want %d", n, len(errands), enough)
	}
}

// runErrand has an errand done and reports whether the caller got through.
func runErrand(t *testing.T, l *line, heard *transcripts, e errand, from string) bool {
	t.Helper()
	s := openKept(t, l)
	c := &errandCaller{errand: e, heard: heard, from: from, books: s}
	c.phone(t, l)
	if !c.had {
		t.Logf("%q was not said:\n%s", e.done, heard.transcript(from))
		return false
	}
	r := s.record(t, from)
	if !strings.HasPrefix(r.Codec, "G722") || !slices.Contains(r.Flows, e.flow) {
		t.Errorf("codec %s, flows %v", r.Codec, r.Flows)
	}
	if e.left != nil {
		e.left(t, s, from)
	}
	return true
}

// kept are the program's books, read beside it.
type kept struct {
	store   *sqlstore.Store
	records *local.CRM
}

func openKept(t *testing.T, l *line) *kept {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), filepath.Join(l.data, "attendant.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	records, err := local.Open(t.Context(), store.DB())
	if err != nil {
		t.Fatal(err)
	}
	return &kept{store, records}
}

// record is the call of a number, once it has ended.
func (s *kept) record(t *testing.T, from string) *dialog.Record {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) { // written when the call has ended
		list, err := s.store.Calls(t.Context(), dialog.CallQuery{Number: from, Limit: 1})
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no record of %s: %v", from, err)
		}
		if len(list) == 1 {
			r, err := s.store.Call(t.Context(), list[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
}

func (s *kept) order(t *testing.T, number string) crm.Order {
	t.Helper()
	o, err := s.records.GetOrder(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (s *kept) status(t *testing.T, number string, want crm.OrderStatus) {
	t.Helper()
	if o := s.order(t, number); o.Status != want {
		t.Errorf("order %s is %s, want %s", number, o.Status, want)
	}
}

func (s *kept) counts(t *testing.T, want int, query string, args ...any) {
	t.Helper()
	var n int
	if err := s.store.DB().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil || n != want {
		t.Errorf("%s: %d, %v; want %d", query, n, err, want)
	}
}

func (s *kept) booked(t *testing.T, q crm.AppointmentQuery, want int) []crm.Appointment {
	t.Helper()
	list, err := s.records.ListAppointments(t.Context(), q)
	if err != nil || len(list) != want {
		t.Errorf("appointments %+v, %v; want %d", list, err, want)
	}
	return list
}

func (s *kept) acted(t *testing.T, from, operation string) {
	t.Helper()
	r := s.record(t, from)
	if !slices.ContainsFunc(r.Actions, func(a dialog.ActionRecord) bool { return a.Operation == operation && a.Outcome == "ok" }) {
		t.Errorf("actions %+v, want %s", r.Actions, operation)
	}
}

// transcripts are what has been said in each call, by the calling number.
type transcripts struct {
	mu    sync.Mutex
	from  map[string]string // call -> number
	turns map[string][]dialog.Turn
	news  chan struct{} // closed and made anew with every turn
}

// follow reads the program's events.
func follow(t *testing.T, l *line) *transcripts {
	t.Helper()
	out := &transcripts{from: map[string]string{}, turns: map[string][]dialog.Turn{}, news: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.http+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", password)
	stream, err := http.DefaultClient.Do(r)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatal("events: ", err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer stream.Body.Close()
		lines := bufio.NewScanner(stream.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				out.take([]byte(data))
			}
		}
	})
	t.Cleanup(func() { cancel(); reading.Wait() })
	return out
}

func (s *transcripts) take(data []byte) {
	var e dialog.Event
	if json.Unmarshal(data, &e) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Kind == dialog.CallStarted && e.Info != nil:
		s.from[e.Call] = e.Info.Number
	case e.Kind == dialog.TurnEnded && e.Turn != nil:
		from := s.from[e.Call]
		s.turns[from] = append(s.turns[from], *e.Turn)
		close(s.news)
		s.news = make(chan struct{})
	}
}

// last is the attendant's turn with nothing after it but silence, waiting up to d
// for one after the first n turns.
func (s *transcripts) last(ctx context.Context, from string, n int, d time.Duration) (text string, turns int) {
	patience := time.NewTimer(d)
	defer patience.Stop()
	for {
		s.mu.Lock()
		list, news := s.turns[from], s.news
		s.mu.Unlock()
		if k := len(list); k > n && list[k-1].Side == "attendant" {
			return strings.ToLower(list[k-1].Text + list[k-1].Planned), k
		}
		select {
		case <-news:
		case <-patience.C:
			return "", n
		case <-ctx.Done():
			return "", n
		}
	}
}

func (s *transcripts) transcript(from string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, t := range s.turns[from] {
		fmt.Fprintf(&b, "  %-9s %.2f %v %s\n", t.Side, t.Confidence, t.Commands, t.Text)
	}
	return b.String()
}

// errandCaller speaks and keys over SIP, and answers what it is asked: by the
// program's own words, so that only one side's hearing is tested.
type errandCaller struct {
	errand
	heard *transcripts
	from  string
	books *kept

	turns, asked int
	had          bool
}

// listener hears that something was said.
type listener struct{}

func (listener) Recognize(ctx context.Context, _ speech.Hints, audio <-chan media.Frame, results chan<- speech.Result) error {
	for range audio {
	}
	select {
	case results <- speech.Result{Text: "something", Final: true, Confidence: 1}:
	case <-ctx.Done():
	}
	return nil
}

func (c *errandCaller) phone(t *testing.T, l *line) {
	t.Helper()
	var wide []codec.Codec
	for _, k := range codec.All() {
		if k.Name == "G722" {
			wide = append(wide, k)
		}
	}
	phone, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", User: c.from, Codecs: wide, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := phone.Serve(ctx, nil); err != nil {
			t.Error(err)
		}
	})
	defer serving.Wait()
	defer cancel()
	leg, err := phone.Dial(ctx, "sip:support@"+l.sip, sip.DialOptions{From: c.from})
	if err != nil {
		t.Fatal(err)
	}
	caller := &dialog.Caller{Recognizer: listener{}, Synthesizer: voices()["flite"], Voice: voiceNamed("rms"), Next: c.next}
	if _, err := caller.Call(ctx, leg); err != nil {
		t.Error(err)
	}
}

// next is what the caller does next: false is hanging up.
func (c *errandCaller) next(ctx context.Context) (dialog.Line, bool) {
	said, turns := c.heard.last(ctx, c.from, c.turns, time.Minute)
	c.turns, c.asked = turns, c.asked+1
	c.had = c.had || strings.Contains(said, c.done)
	if said == "" || c.had || c.asked > 20 {
		return dialog.Line{}, false
	}
	says := c.says // to the greeting, and where all was misunderstood
	at := -1
	for _, a := range append(slices.Clone(c.answers), answered{"i heard", c.checks(said)},
		answered{"connect you with a colleague?", "no"}, answered{"colleague call you back", "no"}) {
		if i := strings.LastIndex(said, a.asked); i > at && a.says != "" {
			says, at = a.says, i
		}
	}
	if says == "code" {
		return dialog.Line{Digits: c.code() + "#"}, true
	}
	if keys, ok := strings.CutPrefix(says, "#"); ok {
		return dialog.Line{Digits: keys}, true
	}
	return dialog.Line{Say: says}, true
}

// checks answers a read-back: yes to what was meant.
func (c *errandCaller) checks(said string) string {
	_, read, _ := strings.Cut(said, "i heard")
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, read)
	for _, a := range c.answers {
		if strings.HasPrefix(a.says, "#") && strings.Trim(a.says, "#") == digits {
			return "yes"
		}
	}
	return map[bool]string{true: "yes", false: "no"}[digits == c.order]
}

// code is the one-time code that was sent last to the errand's customer.
func (c *errandCaller) code() string {
	var text string
	err := c.books.store.DB().QueryRow(`SELECT text FROM crm_outbox WHERE recipient = (SELECT phone FROM crm_customers WHERE id = (SELECT customer_id FROM crm_orders WHERE number = ?)) ORDER BY rowid DESC LIMIT 1`, c.order).Scan(&text)
	if err != nil {
		return "000000"
	}
	return sixDigits.FindString(text)
}
