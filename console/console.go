// Package console serves operators over HTTP: a page with live and past calls,
// the API behind it, live events, metrics and health.
//
// New returns the handler; Run must run beside it, since it counts what the
// hub tells and forgets old sessions. The API is described at /api/openapi.json,
// generated from its handlers; each of its routes needs one permission of package
// access, and every write is noted in the audit. Strangers get the page's own
// files, /healthz, /readyz and /metrics, and 401 elsewhere. Everything that
// callers influence reaches the page as text, never as HTML.
package console

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
	"attendant/dialog/queue"
	"attendant/dialog/softphone"
)

//go:embed web/dist
var web embed.FS

// Calls are the finished calls.
type Calls interface {
	Call(ctx context.Context, id string) (*dialog.Record, error)
	Calls(ctx context.Context, q dialog.CallQuery) ([]dialog.Record, error)
}

// Config is what the console shows. All but the marked ones, Gauges and Vendors
// is required.
type Config struct {
	Access     *access.Store
	Hub        *dialog.Hub
	Store      Calls
	Flows      *flow.Set
	Articles   *knowledge.Base
	Browsers   Browsers            // optional: without it no browser can call
	Softphones *softphone.Exchange // agents' pages that are their phones; optional
	Sites      []string            // origins whose pages may call with a ticket, "https://shop.example"
	Live       func() map[string]dialog.CallInfo
	Ready      func() error // nil where calls can be answered, else why not
	Recordings string       // folder; Recording opens what is in it
	// Recording opens a recording by its name, for reading: ErrLocked where it is
	// sealed and cannot be opened here. Optional: without it files are opened as
	// they are.
	Recording func(name string) (io.ReadSeekCloser, error)
	// Erase erases a call by its ID, or all calls of a number, and returns how many
	// that were. Optional.
	Erase   func(ctx context.Context, number, id string) (int, error)
	Gauges  map[string]func() float64 // further metrics by name
	Vendors func() []Vendor           // how the vendors on the ladders are doing; optional
	Trunks  func() []Trunk            // how it stands with the trunks; optional
	Desk    Desk                      // agents, queues and orders for live calls; optional
	Agents  Things[queue.Agent]       // their settings; optional, as are those of Queues
	Queues  Things[queue.Queue]
	Log     *slog.Logger
}

// Console is the HTTP side of the program.
type Console struct {
	cfg        Config
	describing bool // it serves nobody: all routes are told of
	gate       *gate
	tickets    tickets
	handler    http.Handler
	registry   *prometheus.Registry
	calls      *prometheus.CounterVec
	delays     prometheus.Histogram
}

// New returns the console.
func New(cfg Config) *Console {
	c := &Console{cfg: cfg, registry: prometheus.NewRegistry()}
	c.gate = newGate(cfg.Access, &c.tickets)
	c.calls = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "attendant_calls_total", Help: "Calls ended, by outcome."}, []string{"outcome"})
	c.delays = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "attendant_reply_delay_seconds", Help: "End of the caller's speech to the first audio of the answer.",
		Buckets: []float64{.25, .5, .75, 1, 1.25, 1.5, 2, 3, 5},
	})
	c.registry.MustRegister(c.calls, c.delays)
	live := func() float64 { return float64(len(cfg.Live())) }
	c.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "attendant_calls_live", Help: "Calls going on."}, live))
	for name, f := range cfg.Gauges {
		c.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: "See docs/settings.md."}, f))
	}
	if cfg.Vendors != nil {
		c.registry.MustRegister(vendors(cfg.Vendors))
	}
	if cfg.Trunks != nil {
		c.registry.MustRegister(trunks(cfg.Trunks))
	}
	if cfg.Desk != nil {
		c.registry.MustRegister(deskMetrics{cfg.Desk})
	}
	c.handler = c.routes()
	return c
}

func (c *Console) routes() http.Handler {
	files, err := fs.Sub(web, "web/dist")
	if err != nil {
		panic(err) // the folder is embedded
	}
	guarded := http.NewServeMux()
	c.newAPI(guarded)
	guarded.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) { problem(w, http.StatusNotFound, "no such path") })
	public := http.NewServeMux()
	public.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	public.HandleFunc("/readyz", c.ready)
	public.Handle("/metrics", promhttp.HandlerFor(c.registry, promhttp.HandlerOpts{}))
	public.Handle("/", http.FileServerFS(files))
	public.Handle("/api/", c.sites(c.gate.wrap(guarded, func(what string, err error) { c.cfg.Log.Error(what, "error", err) }))) //nolint:sloglint // constants of gate
	return headers(public)
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// sweepEvery is how often sessions that have expired are forgotten.
const sweepEvery = 10 * time.Minute

// Run counts what the hub tells, and forgets old sessions, until ctx ends.
func (c *Console) Run(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for ctx.Err() == nil {
		events, stop := c.cfg.Hub.Listen()
		c.follow(ctx, events, sweep.C)
		stop()
	}
}

func (c *Console) follow(ctx context.Context, events <-chan dialog.Event, sweep <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep:
			if err := c.cfg.Access.Sweep(ctx); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("old sessions stay", "error", err)
			}
		case e, ok := <-events:
			if !ok {
				return // cut off: listen again
			}
			c.take(e)
		}
	}
}

func (c *Console) take(e dialog.Event) {
	switch {
	case e.Kind == dialog.CallEnded:
		c.calls.WithLabelValues(e.Text).Inc()
	case e.Kind == dialog.TurnEnded && e.Turn.Delays != nil:
		c.delays.Observe(e.Turn.Delays.Total.Seconds())
	}
}

func (c *Console) ready(w http.ResponseWriter, _ *http.Request) {
	if err := c.cfg.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
