package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"attendant/dialog/sqlstore"
	"attendant/sip/number"
	"attendant/sip/provision"
	"attendant/sip/registrar"
	"attendant/sip/trunk"
)

// A change by these commands applies to the next call of a server that is
// running, and to its registrations within a second.

type numbersCommand struct {
	List    numbersList    `cmd:"" default:"withargs" help:"List numbers and what a call to them does."`
	Add     numbersAdd     `cmd:"" help:"Add a number: attendant numbers add +4930123456 flow=order_status."`
	Set     numbersSet     `cmd:"" help:"Change a number: attendant numbers set +4930123456 flow=returns."`
	Remove  numbersRemove  `cmd:"" help:"Remove a number."`
	Import  numbersImport  `cmd:"" help:"Add and change numbers from a CSV or YAML file."`
	Export  numbersExport  `cmd:"" help:"Write all numbers as CSV or YAML."`
	History numbersHistory `cmd:"" help:"Show who has changed a number, when."`
}

type trunksCommand struct {
	List    trunksList    `cmd:"" default:"withargs" help:"List trunks and how it stands with them."`
	Add     trunksAdd     `cmd:"" help:"Add a trunk: attendant trunks add carrier preset=register host=sip.carrier.example user=u password=env:TRUNK_PASSWORD."`
	Set     trunksSet     `cmd:"" help:"Change a trunk."`
	Remove  trunksRemove  `cmd:"" help:"Remove a trunk."`
	Import  trunksImport  `cmd:"" help:"Add and change trunks from a CSV or YAML file."`
	Export  trunksExport  `cmd:"" help:"Write all trunks, without passwords, as CSV or YAML."`
	History trunksHistory `cmd:"" help:"Show who has changed a trunk, when."`
	Presets trunksPresets `cmd:"" help:"List what preset= knows."`
}

type phonesCommand struct {
	List    phonesList    `cmd:"" default:"withargs" help:"List agents' phones and where they are registered."`
	Add     phonesAdd     `cmd:"" help:"Add a phone: attendant phones add ana password=SECRET."`
	Set     phonesSet     `cmd:"" help:"Change a phone."`
	Remove  phonesRemove  `cmd:"" help:"Remove a phone."`
	Import  phonesImport  `cmd:"" help:"Add and change phones from a CSV or YAML file."`
	Export  phonesExport  `cmd:"" help:"Write all phones, without passwords, as CSV or YAML."`
	History phonesHistory `cmd:"" help:"Show who has changed a phone, when."`
}

// shelf opens the store of a data folder, which is made where it does not exist.
func shelf(p *program, flags common) (*sqlstore.Store, *provision.Store, config, error) {
	c, err := p.load(flags)
	if err != nil {
		return nil, nil, c, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, nil, c, fmt.Errorf("%w: data folder: %w", errSettings, err)
	}
	db, err := sqlstore.Open(p.ctx, filepath.Join(c.Data, "attendant.db"))
	if err != nil {
		return nil, nil, c, err
	}
	store, err := provision.Open(p.ctx, db.DB())
	if err != nil {
		return nil, nil, c, errors.Join(err, db.Close())
	}
	return db, store, c, nil
}

// with opens the book of a kind for the time of do.
func with[T any](p *program, flags common, open func(*provision.Store, config) (*provision.Book[T], error), do func(*provision.Book[T], *provision.Store) error) error {
	db, store, c, err := shelf(p, flags)
	if err != nil {
		return err
	}
	defer db.Close()
	book, err := open(store, c)
	if err != nil {
		return err
	}
	return do(book, store)
}

func numbersBook(s *provision.Store, c config) (*provision.Book[number.Rule], error) {
	company, err := loadCompany(c)
	if err != nil {
		return nil, err
	}
	people := newPeople(s, company.files, slog.New(slog.DiscardHandler))
	return provision.Numbers(s, c.Region, checkRule(company.flows, people.hasQueue)), nil
}

func trunksBook(s *provision.Store, _ config) (*provision.Book[trunk.Trunk], error) {
	return provision.Trunks(s), nil
}

func phonesBook(s *provision.Store, _ config) (*provision.Book[registrar.Phone], error) {
	return provision.Phones(s), nil
}

// author is who works on the command line, for the history.
func author() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli"
}

// edited is the flags of add and set.
type edited struct {
	common
	Name   string   `arg:"" help:"Its name or number."`
	Values []string `arg:"" optional:"" help:"NAME=VALUE; an empty value takes a setting away." placeholder:"NAME=VALUE"`
}

// edit adds a thing, or changes one that exists.
func edit[T any](p *program, b *provision.Book[T], e edited, key string, exists bool) error {
	var t T
	if err := provision.Assign(&t, []string{key + "=" + e.Name}); err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	name := e.Name
	if clean, _ := b.Clean(t); b.Key(clean) != "" {
		name = b.Key(clean)
	}
	was, err := b.Find(p.ctx, name)
	switch {
	case err != nil && !errors.Is(err, provision.ErrNotFound):
		return err
	case exists && err != nil:
		return err
	case !exists && err == nil:
		return fmt.Errorf("%s exists already: use set", name)
	case exists:
		t = was
	}
	if err := provision.Assign(&t, e.Values); err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	rows, changes, err := b.Plan(p.ctx, []T{t}, nil)
	if err == nil && rows[0].Err != nil {
		err = fmt.Errorf("%w: %w", errSettings, rows[0].Err)
	}
	if err == nil {
		err = b.Apply(p.ctx, author(), changes)
	}
	if err != nil {
		return unfit(err)
	}
	_, err = fmt.Fprintf(p.out, "%s: %s\n", rows[0].Name, done(rows[0].Action))
	return err
}

// unfit marks what does not fit together as a fault of settings.
func unfit(err error) error {
	if errors.Is(err, provision.ErrTogether) {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	return err
}

// done says what an action has come to.
func done(action string) string {
	return map[string]string{"add": "added", "change": "changed", "keep": "as it was"}[action]
}

// removed is the flags of remove and history.
type removed struct {
	common
	Name string `arg:"" help:"Its name or number."`
}

func remove[T any](p *program, b *provision.Book[T], name string) error {
	if err := b.Remove(p.ctx, author(), name); err != nil {
		return unfit(err)
	}
	_, err := fmt.Fprintf(p.out, "%s: removed\n", name)
	return err
}

func history[T any](p *program, b *provision.Book[T], name string) error {
	versions, err := b.History(p.ctx, name)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tAT\tBY\tWAS SET TO")
	for _, v := range versions {
		value := "removed"
		if !v.Removed {
			value = shown(b, v)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", v.Number, v.At.Local().Format(time.DateTime), v.Author, value)
	}
	return w.Flush()
}

// imported is the flags of import.
type imported struct {
	common
	File   string `arg:"" help:"A .csv, .yaml or .yml file; - is CSV from the standard input." type:"path"`
	DryRun bool   `help:"Tell what would be done, and do nothing."`
	Prune  bool   `help:"Remove what the file does not have."`

	section string // which list of a YAML file that has several
}

// imports reads a file, tells what each entry does and does all of it, or
// nothing where one has a fault.
func imports[T any](p *program, b *provision.Book[T], f imported) error {
	things, lines, faults, err := readFile[T](p, f)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	rows, changes, err := b.Plan(p.ctx, things, lines)
	if err != nil {
		return err
	}
	bad := 0
	for i := range rows {
		if err := faults[i]; err != nil {
			rows[i].Action, rows[i].Err = "fault", errors.Join(err, rows[i].Err)
		}
		if rows[i].Err != nil {
			bad++
		}
	}
	if f.Prune {
		rows, changes, err = prune(p.ctx, b, rows, changes)
	}
	if err != nil {
		return err
	}
	for _, r := range rows {
		printRow(p.out, r)
	}
	if bad > 0 {
		return fmt.Errorf("%w: %d of %d entries have faults: nothing was changed", errSettings, bad, len(things))
	}
	if err := b.Fit(p.ctx, changes); err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	if f.DryRun {
		_, err = fmt.Fprintln(p.out, "dry run: nothing was changed")
		return err
	}
	return b.Apply(p.ctx, author(), changes)
}

// prune removes what rows do not name.
func prune[T any](ctx context.Context, b *provision.Book[T], rows []provision.Row, changes []provision.Change) ([]provision.Row, []provision.Change, error) {
	all, err := b.All(ctx)
	for _, t := range all {
		name := b.Key(t)
		if !slices.ContainsFunc(rows, func(r provision.Row) bool { return r.Name == name }) {
			rows = append(rows, provision.Row{Name: name, Action: "remove"})
			changes = append(changes, provision.Change{Kind: b.Name, Name: name})
		}
	}
	return rows, changes, err
}

func printRow(w io.Writer, r provision.Row) {
	where := ""
	if r.Line > 0 {
		where = fmt.Sprintf("line %d: ", r.Line)
	}
	if r.Err != nil {
		fmt.Fprintf(w, "%s%s: fault: %s\n", where, r.Name, strings.ReplaceAll(r.Err.Error(), "\n", "; "))
		return
	}
	fmt.Fprintf(w, "%s%s: %s\n", where, r.Name, r.Action)
}

// maxImport bounds the file that is read.
const maxImport = 64 << 20

func readFile[T any](p *program, f imported) (things []T, lines []int, faults map[int]error, err error) {
	name := f.File
	var in io.Reader = p.in
	if name != "-" && filepath.Base(name) != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, nil, nil, err
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxImport))
	if err != nil {
		return nil, nil, nil, err
	}
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".yaml" || ext == ".yml" {
		if data, err = sectionOf(data, f.section); err != nil {
			return nil, nil, nil, err
		}
		things, err = provision.ParseYAML[T](data)
		return things, nil, nil, err
	}
	return provision.ParseCSV[T](data)
}

// exported is the flags of export.
type exported struct {
	common
	Format string `help:"csv or yaml." default:"csv" enum:"csv,yaml"`
}

func exports[T any](p *program, b *provision.Book[T], f exported) error {
	all, err := b.All(p.ctx)
	if err != nil {
		return err
	}
	format := provision.FormatCSV[T]
	if f.Format == "yaml" {
		format = provision.FormatYAML[T]
	}
	data, err := format(all, b.Hidden)
	if err == nil {
		_, err = p.out.Write(data)
	}
	return err
}

type (
	numbersList    struct{ common }
	numbersAdd     struct{ edited }
	numbersSet     struct{ edited }
	numbersRemove  struct{ removed }
	numbersHistory struct{ removed }
	numbersImport  struct{ imported }
	numbersExport  struct{ exported }
	trunksList     struct{ common }
	trunksAdd      struct{ edited }
	trunksSet      struct{ edited }
	trunksRemove   struct{ removed }
	trunksHistory  struct{ removed }
	trunksImport   struct{ imported }
	trunksExport   struct{ exported }
	trunksPresets  struct{}
	phonesList     struct{ common }
	phonesAdd      struct{ edited }
	phonesSet      struct{ edited }
	phonesRemove   struct{ removed }
	phonesHistory  struct{ removed }
	phonesImport   struct{ imported }
	phonesExport   struct{ exported }
)

// shown is a version without its secrets.
func shown[T any](b *provision.Book[T], v provision.Version) string {
	var t T
	if err := json.Unmarshal(v.Value, &t); err != nil {
		return err.Error()
	}
	data, err := provision.FormatCSV([]T{t}, b.Hidden)
	if err != nil {
		return err.Error()
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return err.Error()
	}
	var out []string
	for i, value := range rows[1] {
		if value != "" {
			out = append(out, rows[0][i]+"="+value)
		}
	}
	return strings.Join(out, " ")
}

// Run lists the numbers.
func (f numbersList) Run(p *program) error {
	return with(p, f.common, numbersBook, func(b *provision.Book[number.Rule], _ *provision.Store) error {
		all, err := b.All(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NUMBER\tNAME\tFLOW\tLANGUAGE\tNOW\tFALLBACK")
		for _, r := range all {
			now := "open"
			if open, err := r.Hours.Open(time.Now()); err != nil || !open {
				now = "closed"
			}
			fallback := strings.TrimSpace(r.Fallback.Message + " " + cmp.Or(r.Fallback.Flow, r.Fallback.Human))
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, r.Name, cmp.Or(r.Flow, "(greeting)"), r.Language, now, fallback)
		}
		return w.Flush()
	})
}

// stale is how old the states of trunks may be while the server runs.
const stale = 15 * time.Second

// Run lists the trunks with their states.
func (f trunksList) Run(p *program) error {
	return with(p, f.common, trunksBook, func(b *provision.Book[trunk.Trunk], s *provision.Store) error {
		all, err := b.All(p.ctx)
		if err != nil {
			return err
		}
		states, at, err := s.States(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "TRUNK\tHOST\tSTATE\tCALLS\tIN\tOUT\tFAILED\tREFUSED\tWHY")
		for _, t := range all {
			st, known := states[t.Name]
			state := "unknown"
			switch {
			case t.Disabled:
				state = "disabled"
			case known && st.Good:
				state = "up"
			case known:
				state = "down"
			}
			why := strings.Trim(st.Registered+"; "+st.Reachable, "; ")
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", t.Name, cmp.Or(t.Host, strings.Join(t.Allow, " ")), state, st.Active, st.Incoming, st.Outgoing, st.Failed, st.Refused, why)
		}
		if err := w.Flush(); err != nil || time.Since(at) < stale {
			return err
		}
		_, err = fmt.Fprintln(p.out, "no server is running with this data folder: the states are the last ones known")
		return err
	})
}

// Run lists the presets.
func (trunksPresets) Run(p *program) error {
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	for _, t := range trunk.Presets() {
		fmt.Fprintf(w, "%s\t%s\n", t.Name, t.About)
	}
	return w.Flush()
}

// Run lists the phones with where they are registered.
func (f phonesList) Run(p *program) error {
	return with(p, f.common, phonesBook, func(b *provision.Book[registrar.Phone], s *provision.Store) error {
		all, err := b.All(p.ctx)
		if err != nil {
			return err
		}
		bindings, err := s.Bindings(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "PHONE\tAGENT\tSTATE\tWHERE")
		for _, ph := range all {
			var where []string
			for _, at := range bindings[ph.Name] {
				if time.Now().Before(at.Expires) {
					where = append(where, at.Transport+":"+at.Source)
				}
			}
			state := "not registered"
			switch {
			case ph.Disabled:
				state = "disabled"
			case len(where) > 0:
				state = "registered"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", ph.Name, ph.Agent, state, strings.Join(where, " "))
		}
		return w.Flush()
	})
}
