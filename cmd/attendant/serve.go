package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"attendant/console"
	"attendant/console/access"
	"attendant/crm/local"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/queue"
	"attendant/dialog/sqlstore"
	"attendant/media"
	"attendant/media/mp3"
	"attendant/media/wav"
	"attendant/media/webrtc"
	"attendant/sip"
	"attendant/sip/admit"
	"attendant/sip/hep"
	"attendant/speech"
	"attendant/speech/pocketsphinx"
)

// voiceCache bounds the memory of rendered sentences: about 25 minutes.
const voiceCache = 48 << 20

// server is everything that answers calls.
type server struct {
	cfg        config
	log        *slog.Logger
	store      *sqlstore.Store
	recognizer *pocketsphinx.Recognizer
	voice      *speech.Cache // the embedded one
	ears       *speech.Recognizers
	voices     *speech.Voices
	attendant  *dialog.Attendant
	language   language
	hub        *dialog.Hub
	sip        *sip.Server
	probe      *admit.Probe  // head-room
	capture    *hep.Exporter // nil where no capture server is set
	friends    friendly
	draining   atomic.Bool
	telephony  *telephony
	listener   net.Listener
	browsers   *webrtc.Server // nil where no browser can call
	console    *console.Console
	outgoing   *outgoing
	library    *library
	company    *company
	people     *people
	keeper     *dialog.Keeper
	password   string // of the administrator, where it was set now
}

// openServer opens what the settings name. What can be checked is checked
// before anything is opened, so that all faults are told at once.
func openServer(ctx context.Context, cfg config, log *slog.Logger) (*server, error) {
	company, err := loadCompany(cfg)
	if err = errors.Join(err, missing(cfg), cfg.Ladder.unkeyed); err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, company: company, log: log, hub: &dialog.Hub{}}
	if err := s.open(ctx, company); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *server) open(ctx context.Context, company *company) error {
	recordings := filepath.Join(s.cfg.Data, "recordings")
	if err := os.MkdirAll(recordings, 0o700); err != nil {
		return fmt.Errorf("%w: data folder: %w", errSettings, err)
	}
	if err := s.listen(); err != nil {
		return err
	}
	var err error
	if s.store, err = sqlstore.Open(ctx, filepath.Join(s.cfg.Data, "attendant.db")); err != nil {
		return err
	}
	if company, err = s.takeIn(ctx, company); err != nil {
		return err
	}
	if s.telephony, err = openTelephony(ctx, s.cfg, s.store, s.sip, s.log); err != nil {
		return err
	}
	records, err := local.Open(ctx, s.store.DB())
	if err != nil {
		return err
	}
	if data, err := fs.ReadFile(company.files, "crm.yaml"); err == nil {
		if err := records.Import(ctx, data, time.Now().In(company.flows.Zone())); err != nil {
			return fmt.Errorf("%w: %w", errSettings, err)
		}
	}
	if s.recognizer, err = openRecognizer(s.cfg, company.callers(), s.cfg.Recognisers, 2, s.log); err != nil {
		return err
	}
	music, err := readMusic(s.cfg.Music)
	if err != nil {
		return err
	}
	s.voice = speech.NewCache(voices()[s.cfg.Voice], voiceCache)
	s.ears, s.voices = s.cfg.Ladder.recognisers(s.recognizer, s.log), s.cfg.voices(s.voice, s.log)
	articles, err := company.finder(ctx, s.cfg, s.log)
	if err != nil {
		return err
	}
	s.attendant = &dialog.Attendant{
		Flows: flow.NewEngine(company.flows), Knowledge: articles,
		Recognizer: s.ears, Synthesizer: s.voices, TurnBudget: s.cfg.TurnBudget, Voice: s.style(), Language: "en-US",
		CRM: company.records(records), Store: s.store, Hub: s.hub, Log: s.log,
		Dialer: s.telephony, Router: s.telephony.route, Human: s.cfg.Human, RingTimeout: s.cfg.RingTimeout, Music: music,
		Apology: company.flows.Company.Apology.In("en-US", company.flows.Company.Language)[0],
	}
	s.language = company.language(s.cfg)
	s.language.speak(s.attendant)
	s.attendant.Judging = s.cfg.judging()
	if s.cfg.Record {
		s.attendant.Recordings, s.attendant.Consent = recordings, s.cfg.Consent
	}
	s.openSoftphones()
	if err := s.openDesk(ctx, company); err != nil {
		return err
	}
	if err := s.openConsole(ctx, company, recordings); err != nil {
		return err
	}
	return errors.Join(s.warm(ctx, company), s.prepareMoment(ctx, company))
}

// openConsole makes the console; the first start makes its administrator.
func (s *server) openConsole(ctx context.Context, company *company, recordings string) error {
	users, err := access.Open(ctx, s.store.DB())
	if err != nil {
		return err
	}
	if s.password, err = users.FirstAdmin(ctx, s.cfg.Password); err != nil {
		return fmt.Errorf("%w: password: %w", errSettings, err)
	}
	cfg := console.Config{
		Access: users, Hub: s.hub, Store: s.store, Live: s.attendant.Live, Ready: s.ready,
		Flows: company.flows, Articles: company.articles, Recordings: recordings, Log: s.log, Gauges: s.gauges(),
		Vendors: s.vendorStatus, Trunks: s.telephony.states, Sites: origins(s.cfg.Sites), Desk: s.attendant,
		Agents: things[queue.Agent]{s.people.agents, s.people.apply}, Queues: things[queue.Queue]{s.people.queues, s.people.apply},
	}
	if err := s.keepCalls(users, &cfg); err != nil {
		return err
	}
	if s.browsers != nil {
		cfg.Browsers, cfg.Softphones = browsers{s.browsers, s.attendant, s.ready}, s.telephony.softphones
	}
	s.provide(&cfg)
	s.console = console.New(cfg)
	return nil
}

// listen opens the ports, both faults at once.
func (s *server) listen() error {
	var faults []error
	var err error
	cfg := s.cfg.transport()
	cfg.Log = s.log
	s.probe = cfg.Calls.Probe
	cfg.Friends = s.friends.has
	s.openCapture(&cfg)
	hooks(&cfg, func() *telephony { return s.telephony }, s.transfers)
	cfg.Invited = s.ring(cfg.Invited)
	if s.sip, err = sip.Listen(cfg); err != nil {
		faults = append(faults, fmt.Errorf("%w: %w", errSettings, err))
	}
	if s.listener, err = net.Listen("tcp", s.cfg.ListenHTTP); err != nil {
		faults = append(faults, fmt.Errorf("%w: listen for HTTP: %w", errSettings, err))
	}
	if s.browsers, err = openBrowsers(s); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// ready tells load balancers whether new calls are taken.
func (s *server) ready() error {
	if s.draining.Load() {
		return errDraining
	}
	return nil
}

var errDraining = errors.New("draining: no new calls are taken")

func (s *server) style() speech.Voice {
	return speech.Voice{Name: s.cfg.voiceName(), Language: "en-US"}
}

// warm renders the sentences that every call begins with, and those with which
// one may have to end.
func (s *server) warm(ctx context.Context, company *company) error {
	c := company.flows.Company
	return s.voice.Warm(ctx, s.style(), plainSentences(slices.Concat(c.Greeting.In("en-US", c.Language), c.Apology.In("en-US", c.Language))))
}

// rehearse renders what else flows say as it is written, while calls already
// come: half of the time it rests, and leaves the processor to them. It returns
// when ctx ends, or all is said.
func (s *server) rehearse(ctx context.Context) {
	for _, t := range plainSentences(s.company.flows.Phrases("en-US")) {
		began := time.Now()
		if err := s.voice.Warm(ctx, s.style(), []string{t}); err != nil {
			if ctx.Err() == nil {
				s.log.Warn("sentences not rendered in advance", "error", err)
			}
			return
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return
		}
	}
}

// plainSentences are the sentences of texts without anything to fill in.
func plainSentences(texts []string) []string {
	return dialog.Sentences(slices.DeleteFunc(slices.Clone(texts), func(t string) bool { return t == "" || strings.Contains(t, "{") })...)
}

func (s *server) gauges() map[string]func() float64 {
	rec := s.recognizer.Stats()
	gauges := map[string]func() float64{
		"attendant_recogniser_utterances":   func() float64 { return float64(rec.Utterances.Load()) },
		"attendant_recogniser_crashes":      func() float64 { return float64(rec.Crashes.Load()) },
		"attendant_recogniser_quick":        func() float64 { return float64(rec.Quick.Load()) },
		"attendant_recogniser_exhausted":    func() float64 { return float64(rec.Exhausted.Load()) },
		"attendant_event_listeners_cut_off": func() float64 { return float64(s.hub.Dropped.Load()) },
		"attendant_clock_ticks_late":        func() float64 { return float64(s.attendant.Clock.Late.Load()) },
		"attendant_clock_ticks":             func() float64 { return float64(s.attendant.Clock.Ticks.Load()) },
		"attendant_ear_frames_dropped":      func() float64 { return float64(s.attendant.Clock.Deaf.Load()) },
	}
	if s.browsers != nil {
		for name, count := range browserCounters(s.browsers.Stats()) {
			gauges[name] = func() float64 { return float64(count.Load()) }
		}
	}
	maps.Copy(gauges, guardGauges(s.sip, s.probe))
	maps.Copy(gauges, s.telephony.gauges())
	for name, count := range sipCounters(s.sip.Stats()) {
		gauges[name] = func() float64 { return float64(count.Load()) }
	}
	maps.Copy(gauges, s.language.gauges())
	maps.Copy(gauges, judgingGauges(s.attendant.Judging))
	maps.Copy(gauges, s.captureGauges())
	return gauges
}

// sipCounters are the counters of package sip by their names as metrics.
func sipCounters(st *sip.Stats) map[string]*atomic.Int64 {
	return map[string]*atomic.Int64{
		"attendant_sip_legs":               &st.Active,
		"attendant_sip_invites":            &st.Invites,
		"attendant_sip_calls_answered":     &st.Answered,
		"attendant_sip_calls_rejected":     &st.Rejected,
		"attendant_sip_calls_cancelled":    &st.Cancelled,
		"attendant_sip_calls_without_ack":  &st.NoAck,
		"attendant_sip_refused":            &st.Refused,
		"attendant_sip_busy":               &st.Busy,
		"attendant_sip_no_port":            &st.NoPort,
		"attendant_sip_unsupported":        &st.Unsupported,
		"attendant_sip_malformed":          &st.Malformed,
		"attendant_sip_bad_sdp":            &st.BadSDP,
		"attendant_sip_no_common_codec":    &st.NoCommonCodec,
		"attendant_sip_calls_dialled":      &st.Dialled,
		"attendant_sip_calls_failed":       &st.Failed,
		"attendant_sip_legs_fallen_silent": &st.NoMedia,
		"attendant_sip_session_glares":     &st.Glares,
		"attendant_sip_sessions_refreshed": &st.Refreshed,
		"attendant_sip_sessions_expired":   &st.Expired,
		"attendant_sip_session_too_brief":  &st.TooBrief,
		"attendant_sip_without_prack":      &st.NoPrack,
		"attendant_sip_forks_released":     &st.Forked,
		"attendant_sip_redirections":       &st.Redirected,
		"attendant_sip_referrals":          &st.Referrals,
		"attendant_sip_legs_replaced":      &st.Replaced,
		"attendant_sip_transfers_refused":  &st.Untrusted,
		"attendant_sip_dialogs_forgotten":  &st.Lost,
		"attendant_sip_legs_restored":      &st.Restored,
		"attendant_sip_requests_late":      &st.Late,
		"attendant_sip_requests_overflown": &st.Overflow,
		"attendant_sip_requests_foreign":   &st.Foreign,
		"attendant_sip_garbage":            &st.Garbage,
		"attendant_sip_requests_unknown":   &st.Unknown,
		"attendant_sip_connections_over":   &st.TooMany,
		"attendant_sip_connections_broken": &st.Broken,
		"attendant_sip_messages_unsent":    &st.Unsent,
		"attendant_sip_responses_stray":    &st.Stray,
		"attendant_sip_panics":             &st.Panics,
	}
}

// ring has the caller of a call that is welcome looked up while it is set up.
func (s *server) ring(invited func(context.Context, sip.Invitation) (sip.Welcome, *sip.Refusal)) func(context.Context, sip.Invitation) (sip.Welcome, *sip.Refusal) {
	return func(ctx context.Context, v sip.Invitation) (sip.Welcome, *sip.Refusal) {
		w, refusal := invited(ctx, v)
		if refusal == nil {
			s.attendant.Ring(ctx, v.CallID, cmp.Or(w.Number, v.From))
		}
		return w, refusal
	}
}

// run serves until ctx ends, then ends calls politely and closes everything.
func (s *server) run(ctx context.Context) error {
	web := &http.Server{Handler: s.console, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx }}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	parts.Go(func() { s.console.Run(watching) })
	parts.Go(func() { s.company.warm(watching, s.log) })
	parts.Go(func() { s.rehearse(watching) })
	parts.Go(func() { s.keeper.Run(watching) })
	parts.Go(func() { s.attendant.RunAlerts(watching, s.cfg.alertWords()) })
	parts.Go(func() { s.serveCapture(watching) })
	failed := make(chan error, 1)
	parts.Go(func() { failed <- web.Serve(s.listener) })
	called := make(chan error, 1)
	parts.Go(func() { called <- s.serveBrowsers(ctx) })
	parts.Go(func() { s.attendant.Judging.Run(watching) })
	err := errors.Join(s.serveSIP(ctx), <-called)
	stop()
	// Event streams never become idle: they are cut.
	err = errors.Join(err, web.Close())
	parts.Wait()
	s.attendant.Wait()
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return errors.Join(err, s.close())
}

// close closes what open has opened; run has closed the ports, which a failed
// open has not.
func (s *server) close() error {
	var errs []error
	if s.sip != nil {
		errs = append(errs, s.sip.Close())
	}
	if s.browsers != nil {
		errs = append(errs, s.browsers.Close())
	}
	if s.listener != nil {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.recognizer != nil {
		errs = append(errs, s.recognizer.Close())
	}
	if s.company != nil {
		errs = append(errs, s.company.close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

func readMusic(name string) ([]media.Frame, error) {
	if name == "" {
		return media.DefaultMusic(), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: music: %w", errSettings, err)
	}
	defer file.Close()
	var frames []media.Frame
	if strings.HasSuffix(strings.ToLower(name), ".mp3") {
		frames, err = mp3.Read(file)
	} else {
		frames, err = readWAV(file)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: music: %s: %w", errSettings, name, err)
	}
	return frames, nil
}

func readWAV(file *os.File) ([]media.Frame, error) {
	a, err := wav.Read(file)
	if err != nil {
		return nil, err
	}
	return wav.Frames(a.Mono(), a.RateHz), nil
}

type serveCommand struct {
	common
	ListenSIP  string `help:"Address for SIP, UDP and TCP." placeholder:"HOST:PORT"`
	ListenHTTP string `help:"Address for HTTP." placeholder:"HOST:PORT"`
	Human      string `help:"SIP address of a human." placeholder:"URI"`
	Company    string `help:"The company's folder." placeholder:"DIR"`
}

func (f serveCommand) apply(c *config) {
	f.common.apply(c)
	for _, s := range []struct {
		to   *string
		flag string
	}{{&c.ListenSIP, f.ListenSIP}, {&c.ListenHTTP, f.ListenHTTP}, {&c.Human, f.Human}, {&c.Company, f.Company}} {
		if s.flag != "" {
			*s.to = s.flag
		}
	}
}

// Run answers calls until the program is told to stop.
func (f serveCommand) Run(p *program) error {
	c, err := loadConfig(p.settings, p.environ)
	f.apply(&c)
	if err = errors.Join(err, c.validate()); err != nil {
		return err
	}
	s, err := openServer(p.ctx, c, p.logger(c))
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "sip: %s\nhttp: %s\n", s.sip.Addr(), s.listener.Addr())
	if s.password != "" && c.Password == "" {
		fmt.Fprintf(p.out, "the console's first user is admin, password %s (shown only now)\n", s.password)
	}
	ctx, stop := s.untilStopped(p.ctx, p.signals)
	defer stop()
	return s.run(ctx)
}
