// Package console serves operators over HTTP: a page with live and past calls,
// the API behind it, live events, metrics and health.
//
// New returns the handler; Run must run beside it, since it counts what the
// hub tells. Everything that callers influence reaches the page as text, never
// as HTML. Where a password is set every path but /healthz, /readyz and
// /metrics asks for it.
package console

import (
	"context"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"attendant/dialog"
)

//go:embed web
var web embed.FS

// Calls are the finished calls.
type Calls interface {
	Call(ctx context.Context, id string) (*dialog.Record, error)
	Calls(ctx context.Context, q dialog.CallQuery) ([]dialog.Record, error)
}

// Config is what the console shows. All but Password and Gauges is required.
type Config struct {
	Hub        *dialog.Hub
	Store      Calls
	Live       func() map[string]dialog.CallInfo
	Ready      func() error // nil where calls can be answered, else why not
	Recordings string       // folder
	Password   string
	Gauges     map[string]func() float64 // further metrics by name
	Vendors    func() []Vendor           // how the vendors on the ladders are doing; optional
	Log        *slog.Logger
}

// Console is the HTTP side of the program.
type Console struct {
	cfg      Config
	handler  http.Handler
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	delays   prometheus.Histogram
}

// New returns the console.
func New(cfg Config) *Console {
	c := &Console{cfg: cfg, registry: prometheus.NewRegistry()}
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
	c.handler = c.routes()
	return c
}

func (c *Console) routes() http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is embedded
	}
	private := http.NewServeMux()
	private.Handle("GET /", http.FileServerFS(files))
	private.HandleFunc("GET /events", c.events)
	private.HandleFunc("GET /api/v1/live", c.live)
	private.HandleFunc("GET /api/v1/calls", c.list)
	private.HandleFunc("GET /api/v1/calls/{id}", c.call)
	private.HandleFunc("GET /api/v1/calls/{id}/recording", c.recording)
	private.HandleFunc("GET /api/v1/vendors", c.vendors)
	public := http.NewServeMux()
	public.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	public.HandleFunc("GET /readyz", c.ready)
	public.Handle("GET /metrics", promhttp.HandlerFor(c.registry, promhttp.HandlerOpts{}))
	public.Handle("/", c.guarded(private))
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

func (c *Console) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if c.cfg.Password != "" && subtle.ConstantTimeCompare([]byte(password), []byte(c.cfg.Password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="attendant"`)
			http.Error(w, "a password is needed", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Run counts what the hub tells until ctx ends.
func (c *Console) Run(ctx context.Context) {
	for ctx.Err() == nil {
		events, stop := c.cfg.Hub.Listen()
		c.follow(ctx, events)
		stop()
	}
}

func (c *Console) follow(ctx context.Context, events <-chan dialog.Event) {
	for {
		select {
		case <-ctx.Done():
			return
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

// events streams what happens, from the event after Last-Event-ID on. Without
// one, "?replay=live" begins with what the calls going on have had so far.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	flusher := http.NewResponseController(w)
	events, stop := c.cfg.Hub.Listen()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	after, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64) // none is 0
	var replayed uint64
	for _, e := range c.missed(after, r.URL.Query().Get("replay") == "live") {
		if send(w, e) != nil {
			return
		}
		replayed = e.Seq
	}
	beat := time.NewTicker(5 * time.Second)
	defer beat.Stop()
	for {
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			if _, err := w.Write([]byte(": still here\n\n")); err != nil {
				return
			}
		case e, ok := <-events:
			if ok && e.Seq <= replayed {
				continue
			}
			if !ok || send(w, e) != nil {
				return
			}
		}
	}
}

// missed are the kept events after that number; where it is none, those of the
// calls going on if they are wanted. A number that has not been reached is from
// before the program's last start, which counts as none.
func (c *Console) missed(after uint64, wanted bool) []dialog.Event {
	live, recent := c.cfg.Live(), c.cfg.Hub.Recent()
	if len(recent) == 0 || after > recent[len(recent)-1].Seq {
		after = 0
	}
	if after == 0 && !wanted {
		return nil
	}
	var out []dialog.Event
	for _, e := range recent {
		_, on := live[e.Call]
		if after > 0 && e.Seq > after || after == 0 && on && e.Kind != dialog.Partial {
			out = append(out, e)
		}
	}
	return out
}

func send(w http.ResponseWriter, e dialog.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte("id: "+strconv.FormatUint(e.Seq, 10)+"\ndata: "), data...), "\n\n"...))
	return err
}

func (c *Console) live(w http.ResponseWriter, _ *http.Request) { c.write(w, c.cfg.Live()) }

func (c *Console) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil && q.Get("limit") != "" {
		http.Error(w, "limit is no number", http.StatusBadRequest)
		return
	}
	before, err := time.Parse(time.RFC3339, q.Get("before"))
	if err != nil && q.Get("before") != "" {
		http.Error(w, "before is no time of RFC 3339", http.StatusBadRequest)
		return
	}
	calls, err := c.cfg.Store.Calls(r.Context(), dialog.CallQuery{Before: before, Number: q.Get("number"), Outcome: q.Get("outcome"), Limit: limit})
	if err != nil {
		c.fault(w, err)
		return
	}
	if calls == nil {
		calls = []dialog.Record{}
	}
	c.write(w, calls)
}

func (c *Console) call(w http.ResponseWriter, r *http.Request) {
	record, err := c.cfg.Store.Call(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fault(w, err)
		return
	}
	c.write(w, record)
}

func (c *Console) recording(w http.ResponseWriter, r *http.Request) {
	record, err := c.cfg.Store.Call(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fault(w, err)
		return
	}
	file, err := os.Open(filepath.Join(c.cfg.Recordings, filepath.Base(record.Recording)))
	if err != nil || record.Recording == "" {
		http.Error(w, "no recording", http.StatusNotFound)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, record.Recording, record.Ended, file)
}

func (c *Console) fault(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, dialog.ErrNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	case errors.Is(err, dialog.ErrAmbiguous):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		c.cfg.Log.Error("console request failed", "error", err)
		http.Error(w, "the store cannot be read", http.StatusInternalServerError)
	}
}

func (c *Console) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		c.cfg.Log.Debug("response not written", "error", err)
	}
}
