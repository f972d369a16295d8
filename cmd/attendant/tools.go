package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"attendant/crm"
	"attendant/crm/local"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/sqlstore"
	"attendant/media"
	"attendant/media/wav"
	"attendant/speech"
)

func voiceNamed(name string) speech.Voice { return speech.Voice{Name: name, Language: "en-US"} }

type transcribeCommand struct {
	File    string `arg:"" help:"A WAV file." type:"existingfile"`
	JSON    bool   `name:"json" help:"Print words, confidence and other readings as JSON."`
	Expect  string `help:"What is expected: digits, yesno, code or date." placeholder:"KIND"`
	Channel int    `help:"Of a stereo file: 0 is left, 1 is right." default:"-1"`
	Other   bool   `help:"Expect what the attendant says rather than what callers say."`
}

// transcript is what transcribe prints as JSON.
type transcript struct {
	Text         string               `json:"text"`
	Confidence   float64              `json:"confidence"`
	Alternatives []speech.Alternative `json:"alternatives,omitempty"`
}

// Run recognises a file, cut at its pauses.
func (f transcribeCommand) Run(p *program) error {
	c, err := loadConfig(p.settings, p.environ)
	if err = errors.Join(err, missing(c)); err != nil {
		return err
	}
	company, err := loadCompany(c)
	if err != nil {
		return err
	}
	words := company.callers()
	if f.Other {
		words = vocabulary{phrases: company.attendantPhrases(time.Now())}
	}
	frames, err := channelOf(f.File, f.Channel)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	r, err := openRecognizer(c, words, 1, 1, p.logger(c))
	if err != nil {
		return err
	}
	hints := speech.Hints{Expect: speech.Expectation{Kind: speech.ExpectKind(f.Expect)}}
	results, err := dialog.Transcribe(p.ctx, r, hints, frames)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	for _, result := range results {
		if f.JSON {
			err = json.NewEncoder(p.out).Encode(transcript{result.Text, result.Confidence, result.Alternatives})
		} else {
			_, err = fmt.Fprintln(p.out, result.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type callsCommand struct {
	List callsList `cmd:"" default:"withargs" help:"List calls, the newest first."`
	Show callsShow `cmd:"" help:"Show one call."`
	Play callsPlay `cmd:"" help:"Copy a call's recording, unsealed."`

	Erase callsErase `cmd:"" help:"Erase all that is kept of a call, or of all calls of a number."`
}

type callsList struct {
	common
	Number  string `help:"Only calls of this number."`
	Outcome string `help:"Only calls with this outcome."`
	Limit   int    `help:"How many." default:"50"`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// openStore opens the store of a data folder that exists.
func openStore(p *program, flags common) (*sqlstore.Store, config, error) {
	c, err := p.load(flags)
	if err != nil {
		return nil, c, err
	}
	file := filepath.Join(c.Data, "attendant.db")
	if !exists(file) {
		return nil, c, fmt.Errorf("%w: %s does not exist: no call has been answered with this data folder", errSettings, file)
	}
	store, err := sqlstore.Open(p.ctx, file)
	return store, c, err
}

// Run lists calls.
func (f callsList) Run(p *program) error {
	store, _, err := openStore(p, f.common)
	if err != nil {
		return err
	}
	defer store.Close()
	calls, err := store.Calls(p.ctx, dialog.CallQuery{Number: f.Number, Outcome: f.Outcome, Limit: f.Limit})
	if err != nil {
		return err
	}
	if f.JSON {
		return json.NewEncoder(p.out).Encode(calls)
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTARTED\tNUMBER\tLENGTH\tFLOW\tOUTCOME\tEND")
	for _, r := range calls {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.0fs\t%s\t%s\t%s\n", r.ID, r.Started.Local().Format(time.DateTime), inert(r.Number),
			r.Ended.Sub(r.Started).Seconds(), r.Flow, r.Outcome, r.EndCause)
	}
	return w.Flush()
}

// inert takes control characters out of what a caller has sent.
func inert(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

type callsShow struct {
	common
	ID   string `arg:"" help:"The call, or the beginning of its ID."`
	JSON bool   `name:"json" help:"Print the whole record as JSON."`
}

// Run shows one call.
func (f callsShow) Run(p *program) error {
	store, _, err := openStore(p, f.common)
	if err != nil {
		return err
	}
	defer store.Close()
	r, err := store.Call(p.ctx, f.ID)
	if err != nil {
		return err
	}
	if f.JSON {
		encoder := json.NewEncoder(p.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	show(p.out, r)
	return nil
}

func show(w io.Writer, r *dialog.Record) {
	fmt.Fprintf(w, "%s  %s  from %s to %s  %s over %s\n%s: %s, flows %s, mood %.2f (%+.2f)\n\n", r.ID, r.Started.Local().Format(time.DateTime),
		inert(r.Number), inert(r.Dialled), r.Codec, r.Transport, r.Outcome, r.EndCause, strings.Join(r.Flows, ", "), r.Sentiment, r.Trend)
	for _, t := range r.Turns {
		printTurn(w, t)
	}
	for _, a := range r.Actions {
		fmt.Fprintf(w, "\naction %s of %s: %s in %v", a.Operation, a.Flow, a.Outcome, a.Took.Round(time.Millisecond))
	}
	for _, s := range r.Switches {
		fmt.Fprintf(w, "\n%.2f  %s %s left for %s: %s", s.At.Seconds(), s.Kind, s.From, s.To, s.Why)
	}
	for _, g := range r.Guard {
		fmt.Fprintf(w, "\nguard stopped %q: %s", g.What, g.Rule)
	}
	fmt.Fprintln(w)
	printLadder(w, r)
}

// printLadder prints the signalling: the caller's messages point right, ours
// left.
func printLadder(w io.Writer, r *dialog.Record) {
	for i, m := range r.Ladder {
		if i == 0 {
			fmt.Fprintln(w)
		}
		arrow := "-->"
		if m.Sent {
			arrow = "<--"
		}
		fmt.Fprintf(w, "%7.2f  %s  %-24s  %s\n", m.At.Sub(r.Started).Seconds(), arrow, inert(m.What), inert(m.Summary))
	}
}

func printTurn(w io.Writer, t dialog.Turn) {
	fmt.Fprintf(w, "%7.2f  %-9s  %s", t.Start.Seconds(), t.Side, inert(t.Text))
	if t.Interrupted {
		fmt.Fprint(w, " [interrupted]")
	}
	if d := t.Delays; d != nil {
		fmt.Fprintf(w, "\n                    after %.2f s: silence %.2f, recognise %.2f, act %.2f, speak %.2f",
			d.Total.Seconds(), d.Endpoint.Seconds(), d.Recognize.Seconds(), (d.Understand + d.Act).Seconds(), d.Speak.Seconds())
	}
	if t.Delays != nil && t.Delays.Moment > 0 {
		fmt.Fprintf(w, "; told to wait after %.2f s", t.Delays.Moment.Seconds())
	}
	if t.Vendor != "" {
		fmt.Fprintf(w, "  (%s)", t.Vendor)
	}
	fmt.Fprintln(w)
}

type callsPlay struct {
	common
	ID  string `arg:"" help:"The call."`
	Out string `short:"o" required:"" help:"The WAV file to write." placeholder:"FILE.wav"`
	Leg int    `help:"Of the N-th further leg, an agent's or a supervisor's." placeholder:"N"`
}

// Run copies a recording.
func (f callsPlay) Run(p *program) error {
	store, c, err := openStore(p, f.common)
	if err != nil {
		return err
	}
	defer store.Close()
	r, err := store.Call(p.ctx, f.ID)
	if err != nil {
		return err
	}
	if r.Recording == "" {
		return errors.New("the call was not recorded")
	}
	name := r.Recording
	if f.Leg > 0 {
		if f.Leg > len(r.Legs) {
			return fmt.Errorf("the call has %d recordings of further legs", len(r.Legs))
		}
		name = r.Legs[f.Leg-1]
	}
	return copyRecording(c, name, f.Out)
}

type checkCommand struct {
	Dir        string `arg:"" optional:"" help:"The company's folder; the demo company's where left out." type:"existingdir"`
	Operations bool   `help:"Print the operations that its flows may call."`
}

// Run loads a company's folder and tells all that is wrong with it.
func (f checkCommand) Run(p *program) error {
	company, err := loadCompany(config{Company: f.Dir})
	if err != nil {
		return err
	}
	if f.Operations {
		return printOperations(p.out, company.records(nil))
	}
	_, err = fmt.Fprintf(p.out, "%d flows, %d articles, %d connectors: good\n",
		len(company.flows.Flows()), len(company.articles.Articles()), len(company.connectors))
	return err
}

// printOperations prints what flows may call, those of verify first.
func printOperations(out io.Writer, system crm.System) error {
	risks := map[string]crm.Risk{}
	for _, o := range system.Operations() {
		risks[o.Name] = o.Risk
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tRISK\tARGUMENTS\tRESULTS\tOUTCOMES")
	for _, o := range dialog.Operations(system) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Name, risks[o.Name], strings.Join(o.Args, ", "), strings.Join(o.Results, ", "), strings.Join(o.Outcomes, ", "))
	}
	return w.Flush()
}

type chatCommand struct {
	common
	Company string `help:"The company's folder." placeholder:"DIR"`
	JSON    bool   `name:"json" help:"Print each turn as JSON."`
	Narrow  bool   `help:"Talk as over a telephone line: what is heard is read back."`

	Number   string `help:"The number that calls."`
	Verified string `help:"Talk as this customer, known to be who they are." placeholder:"ID"`
	Language string `help:"The caller's language, such as zh-CN."`
}

// Run talks with the attendant, a line a turn.
func (f chatCommand) Run(p *program) error {
	c, err := p.load(f.common)
	if err = errors.Join(err, c.Ladder.unkeyed); err != nil {
		return err
	}
	if f.Company != "" {
		c.Company = f.Company
	}
	company, err := loadCompany(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("%w: data folder: %w", errSettings, err)
	}
	store, err := sqlstore.Open(p.ctx, filepath.Join(c.Data, "attendant.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	a, err := chatAttendant(p.ctx, c, company, store)
	if err != nil {
		return err
	}
	a.Log = p.logger(c)
	return errors.Join(f.chat(p, a), company.close())
}

// chatAttendant is the attendant of a chat, with the company's records brought in.
func chatAttendant(ctx context.Context, c config, company *company, store *sqlstore.Store) (*dialog.Attendant, error) {
	a, err := company.attendant(ctx, c, store)
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(company.files, "crm.yaml")
	if err != nil { // a company whose records are elsewhere has none
		return a, nil
	}
	records, err := local.Open(ctx, store.DB())
	if err == nil {
		err = records.Import(ctx, data, time.Now().In(company.flows.Zone()))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, err)
	}
	return a, nil
}

// attendant talks as the company does, with the records that the store holds.
func (c *company) attendant(ctx context.Context, cfg config, store *sqlstore.Store) (*dialog.Attendant, error) {
	records, err := local.Open(ctx, store.DB())
	if err != nil {
		return nil, err
	}
	articles, err := c.finder(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	a := &dialog.Attendant{
		Flows: flow.NewEngine(c.flows), Knowledge: articles,
		CRM: c.records(records), Store: store, Hub: &dialog.Hub{}, Language: "en-US",
	}
	c.language(cfg).speak(a)
	return a, nil
}

func (f chatCommand) chat(p *program, a *dialog.Attendant) error {
	lines := bufio.NewScanner(p.in)
	next := func() (string, bool) {
		if !f.JSON {
			fmt.Fprint(p.out, "> ")
		}
		ok := lines.Scan()
		return lines.Text(), ok
	}
	tell := func(t dialog.Exchange) {
		switch {
		case f.JSON:
			// A terminal that is gone ends the input as well.
			_ = json.NewEncoder(p.out).Encode(t)
		case t.Side == "attendant":
			fmt.Fprintln(p.out, t.Text)
		}
	}
	chat := dialog.Chat{Line: media.Wideband, Number: f.Number, Verified: f.Verified, Language: f.Language}
	if f.Narrow {
		chat.Line = media.Narrowband
	}
	if err := a.Chat(p.ctx, chat, next, tell); err != nil {
		return err
	}
	return lines.Err()
}

type doctorCommand struct {
	common
}

// Run tells what is there and how long a sentence takes to speak and to hear.
func (f doctorCommand) Run(p *program) error {
	c, err := p.load(f.common)
	if err != nil {
		return err
	}
	faults := missing(c)
	report := func(name string, err error, good string) {
		if err != nil {
			good = "FAULT: " + strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		fmt.Fprintf(p.out, "%-22s %s\n", name, good)
	}
	report("programs", faults, "all installed")
	for _, port := range []struct{ network, address string }{{"udp", c.ListenSIP}, {"tcp", c.ListenSIP}, {"tcp", c.ListenHTTP}} {
		report(port.network, portFree(port.network, port.address), port.address+" is free")
	}
	company, err := loadCompany(c)
	report("company", err, "loads")
	if c.Ladder.unkeyed != nil {
		report("keys", c.Ladder.unkeyed, "")
		faults = errors.Join(faults, c.Ladder.unkeyed)
	}
	if err != nil || faults != nil {
		return errors.Join(errUnwell, err)
	}
	if len(company.connectors) > 0 {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		defer cancel()
		report("connectors", errors.Join(company.probe(ctx), company.close()), "are there")
	}
	return f.vendors(p, c, company, report)
}

var errUnwell = errors.New("something is missing")

func (f doctorCommand) vendors(p *program, c config, company *company, report func(string, error, string)) error {
	var spoken []media.Frame
	for name, v := range voices() {
		begin := time.Now()
		s, err := say(p.ctx, v, voiceNamed(""), doctorSentence)
		report(name, err, fmt.Sprintf("speaks a sentence in %v", time.Since(begin).Round(time.Millisecond)))
		if name == c.Voice && err == nil {
			spoken = s.Audio
		}
	}
	begin := time.Now()
	r, err := openRecognizer(c, company.callers(), 1, 1, p.logger(c))
	if err != nil {
		report("recogniser", err, "")
		return errUnwell
	}
	started := time.Since(begin)
	begin = time.Now()
	results, err := dialog.Transcribe(p.ctx, r, speech.Hints{}, spoken)
	took := time.Since(begin)
	if err == nil && (len(results) == 0 || results[0].Text != doctorSentence) {
		err = fmt.Errorf("heard %v, not %q", results, doctorSentence)
	}
	report("recogniser", err, fmt.Sprintf("starts in %v, hears a sentence in %v", started.Round(time.Millisecond), took.Round(time.Millisecond)))
	hosted := &checkup{report: report}
	return errors.Join(err, r.Close(), hosted.hosted(p.ctx, c, spoken))
}

// channelOf reads a WAV file: one channel, or the mean of all for -1.
func channelOf(name string, channel int) ([]media.Frame, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	a, err := wav.Read(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if channel < 0 {
		return wav.Frames(a.Mono(), a.RateHz), nil
	}
	if channel >= a.Channels {
		return nil, fmt.Errorf("%s has %d channels", name, a.Channels)
	}
	return wav.Frames(a.Channel(channel), a.RateHz), nil
}
