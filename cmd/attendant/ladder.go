package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"attendant/console"
	"attendant/crm/egress"
	"attendant/dialog"
	"attendant/dialog/model"
	"attendant/speech"
	"attendant/speech/openai"
)

// What a caller may wait for a vendor where the settings say nothing.
const (
	recogniserBudget = 800 * time.Millisecond
	voiceBudget      = 600 * time.Millisecond
	// hostedCache bounds the memory of each hosted voice's sentences: about 8
	// minutes.
	hostedCache = 16 << 20
)

// ladderSettings are the vendors over the network, in the order in which they are
// tried; behind the last one always stands the embedded part.
type ladderSettings struct {
	Recognisers []recogniserSettings `yaml:"recognisers"`
	Voices      []voiceSettings      `yaml:"voices"`
	Models      []Vendor             `yaml:"models"`

	unkeyed error // keys that are not there, which only who asks the vendors needs
}

// Vendor says where a vendor is. The key itself is never in the settings.
type Vendor struct {
	Name    string        `yaml:"name"`
	URL     string        `yaml:"url"`
	Model   string        `yaml:"model"`
	KeyEnv  string        `yaml:"key_env"`
	KeyFile string        `yaml:"key_file"`
	Budget  time.Duration `yaml:"budget"`

	Key secret `yaml:"-"`
}

type recogniserSettings struct {
	Vendor `yaml:",inline"`
	Plain  bool     `yaml:"plain_json"`
	Names  []string `yaml:"names"`
}

type voiceSettings struct {
	Vendor       `yaml:",inline"`
	Voice        string `yaml:"voice"`
	Format       string `yaml:"format"`
	RateHz       int    `yaml:"rate_hz"`
	Instructions string `yaml:"instructions"`
}

// secret is text that prints as dots whatever prints it.
type secret string

// String implements fmt.Stringer.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "…"
}

// GoString implements fmt.GoStringer.
func (s secret) GoString() string { return s.String() }

// LogValue implements slog.LogValuer.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// vendors are all vendors of the ladder with what kind they are.
func (l *ladderSettings) vendors() (out []ladderVendor) {
	for i := range l.Recognisers {
		out = append(out, ladderVendor{"recognisers", i, &l.Recognisers[i].Vendor, recogniserBudget})
	}
	for i := range l.Voices {
		out = append(out, ladderVendor{"voices", i, &l.Voices[i].Vendor, voiceBudget})
	}
	for i := range l.Models {
		out = append(out, ladderVendor{"models", i, &l.Models[i], 0})
	}
	return out
}

type ladderVendor struct {
	kind string
	n    int
	*Vendor
	usual time.Duration // its budget where none is set
}

// keyed reports whether a variable of the environment holds a vendor's key.
func (l *ladderSettings) keyed(name string) bool {
	for _, v := range l.vendors() {
		if v.KeyEnv == name {
			return true
		}
	}
	return false
}

// complete fills in what is left out, and fetches the keys from the environment
// and from files; which are not there is told in unkeyed.
func (l *ladderSettings) complete(environ []string) {
	values := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	var faults []error
	for _, v := range l.vendors() {
		if v.Budget == 0 {
			v.Budget = v.usual
		}
		if v.Name == "" {
			if u, err := url.Parse(v.URL); err == nil {
				v.Name = u.Host
			}
		}
		if err := v.fetchKey(values); err != nil {
			faults = append(faults, fmt.Errorf("%w: ladder: %s %d: %w", errSettings, v.kind, v.n+1, err))
		}
	}
	l.unkeyed = errors.Join(faults...)
}

func (v *Vendor) fetchKey(environment map[string]string) error {
	switch {
	case v.KeyEnv != "" && v.KeyFile != "":
		return errors.New("key_env and key_file: want one of them")
	case v.KeyEnv != "":
		if v.Key = secret(environment[v.KeyEnv]); v.Key == "" {
			return fmt.Errorf("key_env: %s is not set in the environment", v.KeyEnv)
		}
	case v.KeyFile != "":
		data, err := os.ReadFile(v.KeyFile)
		if err != nil {
			return fmt.Errorf("key_file: %w", err)
		}
		if v.Key = secret(strings.TrimSpace(string(data))); v.Key == "" {
			return fmt.Errorf("key_file: %s is empty", v.KeyFile)
		}
	}
	return nil
}

// faults are what is wrong with the ladder.
func (l *ladderSettings) faults() (out []string) {
	names := map[string]bool{}
	for _, v := range l.vendors() {
		place := fmt.Sprintf("ladder: %s %d", v.kind, v.n+1)
		u, err := url.Parse(v.URL)
		if err != nil || !isURL(v.URL) || u.User != nil || u.RawQuery != "" {
			out = append(out, place+": url: want one like http://HOST:PORT/v1")
		}
		if v.Model == "" {
			out = append(out, place+": model is missing")
		}
		if v.Budget < 0 || v.Budget > 5*time.Second {
			out = append(out, fmt.Sprintf("%s: budget: %v is not from 0 to 5s", place, v.Budget))
		}
		if names[v.kind+v.Name] {
			out = append(out, fmt.Sprintf("%s: name: another one is called %q", place, v.Name))
		}
		names[v.kind+v.Name] = true
	}
	for i, v := range l.Voices {
		if v.Voice == "" {
			out = append(out, fmt.Sprintf("ladder: voices %d: voice is missing", i+1))
		}
		if v.Format != "" && v.Format != string(openai.PCM) && v.Format != string(openai.MP3) {
			out = append(out, fmt.Sprintf("ladder: voices %d: format: %q is neither pcm nor mp3", i+1, v.Format))
		}
		if v.RateHz != 0 && (v.RateHz < 8000 || v.RateHz > 48000) {
			out = append(out, fmt.Sprintf("ladder: voices %d: rate_hz: %d is not from 8000 to 48000", i+1, v.RateHz))
		}
	}
	return out
}

// server is where a vendor's requests go. Its client reaches that host alone,
// wherever it is: the address is the administrator's, not a caller's.
func (v *Vendor) server() openai.Server {
	host := ""
	if u, err := url.Parse(v.URL); err == nil { // validated
		host = u.Hostname()
	}
	return openai.Server{URL: v.URL, Key: string(v.Key), Model: v.Model, HTTP: vendorClient(host)}
}

// vendorClient has room for a minute of speech; how long to wait is said by each
// request's context.
func vendorClient(host string) *http.Client {
	return egress.New(egress.Config{Hosts: []egress.Host{{Name: host, Private: true}}, Timeout: time.Minute, MaxBody: 8 << 20})
}

func (r *recogniserSettings) open() *openai.Recognizer {
	return openai.NewRecognizer(openai.RecognizerConfig{Server: r.server(), Plain: r.Plain, Names: r.Names})
}

func (v *voiceSettings) open() *openai.Voice {
	return openai.NewVoice(openai.VoiceConfig{
		Server: v.server(), Speaker: v.Voice, Format: openai.Format(v.Format), RateHz: v.RateHz, Instructions: v.Instructions,
	})
}

// recognisers is the ladder of recognisers that ends in the embedded one.
func (l *ladderSettings) recognisers(own speech.Recognizer, log *slog.Logger) *speech.Recognizers {
	cfg := speech.RecognizersConfig{Own: own, Name: "pocketsphinx", Log: log}
	for i := range l.Recognisers {
		r := &l.Recognisers[i]
		cfg.Hosted = append(cfg.Hosted, speech.HostedRecognizer{Name: r.Name, Recognizer: r.open(), Budget: r.Budget})
	}
	return speech.NewRecognizers(cfg)
}

// voices is the ladder of voices that ends in the embedded ones, of which the
// first is given: it remembers what it has said.
func (c *config) voices(first *speech.Cache, log *slog.Logger) *speech.Voices {
	var all []speech.RungVoice
	for i := range c.Ladder.Voices {
		v := &c.Ladder.Voices[i]
		all = append(all, speech.RungVoice{Name: v.Name, Synthesizer: speech.NewCache(v.open(), hostedCache), Budget: v.Budget, Speaker: v.Voice})
	}
	all = append(all, speech.RungVoice{Name: c.Voice, Synthesizer: first, Speaker: c.voiceName()})
	if c.Voice != "espeak" {
		all = append(all, speech.RungVoice{Name: "espeak", Synthesizer: voices()["espeak"], Speaker: "en-us"})
	}
	return speech.NewVoices(log, all...)
}

// voiceName is what the embedded voice calls its own: the default is flite's.
func (c *config) voiceName() string {
	if c.Voice == "espeak" && c.VoiceName == defaults().VoiceName {
		return "en-us"
	}
	return c.VoiceName
}

// endpoints are the models of the settings in the order in which they are asked:
// the one of model_url, then the ladder's.
func (c *config) endpoints() []model.Endpoint {
	var out []model.Endpoint
	if c.ModelURL != "" {
		out = append(out, model.Endpoint{URL: c.ModelURL, Model: c.ModelName, Key: c.ModelKey})
	}
	for _, m := range c.Ladder.Models {
		out = append(out, model.Endpoint{Name: m.Name, URL: m.URL, Model: m.Model, Key: string(m.Key), Timeout: m.Budget, HTTP: m.server().HTTP.Transport})
	}
	return out
}

// prepareMoment has "One moment, please." spoken for callers whose answer takes its
// time, where vendors over the network may make it so.
func (s *server) prepareMoment(ctx context.Context, company *company) error {
	if len(s.cfg.Ladder.vendors()) == 0 && s.cfg.ModelURL == "" {
		return nil
	}
	said, err := say(ctx, s.voices, s.style(), company.flows.Company.Moment.In("en-US", company.flows.Company.Language)[0])
	s.attendant.Moment = dialog.Moment{Text: said.Text, Audio: said.Audio}
	return err
}

// vendorStatus is how each vendor on the ladders is doing.
func (s *server) vendorStatus() []console.Vendor {
	var out []console.Vendor
	for _, v := range slices.Concat(s.ears.Status(), s.voices.Status(), s.language.status()) {
		out = append(out, console.Vendor{
			Kind: v.Kind, Name: v.Name, Used: v.Used, Failed: v.Failed, Late: v.Late, Skipped: v.Skipped, Left: v.Left, Seconds: v.Took.Seconds(),
		})
	}
	return out
}
