package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// config holds all settings. Each can be set in the settings file by its yaml
// name, in the environment as ATTENDANT_ and that name in capitals, and the
// most used ones by flags; the later wins.
type config struct {
	Data           string        `yaml:"data"`
	ListenSIP      string        `yaml:"listen_sip"`
	ListenHTTP     string        `yaml:"listen_http"`
	External       string        `yaml:"external_address"`
	LocalNetworks  string        `yaml:"local_networks"`
	Peers          string        `yaml:"sip_peers"`
	TLSCertificate string        `yaml:"tls_certificate"`
	TLSKey         string        `yaml:"tls_key"`
	TLSClients     string        `yaml:"tls_client_authorities"`
	TLSRoots       string        `yaml:"tls_authorities"`
	DNSServers     string        `yaml:"dns_servers"`
	SourceRate     int           `yaml:"source_rate"`
	CallRate       int           `yaml:"calls_per_second"`
	MaxLate        time.Duration `yaml:"max_late"`
	MaxMemory      int           `yaml:"max_memory"`
	DrainTimeout   time.Duration `yaml:"drain_timeout"`
	RTPFirst       int           `yaml:"rtp_first_port"`
	RTPLast        int           `yaml:"rtp_last_port"`
	MaxCalls       int           `yaml:"max_calls"`
	Company        string        `yaml:"company"`
	Human          string        `yaml:"human"`
	Region         string        `yaml:"region"`
	StirRoots      string        `yaml:"stir_roots"`
	StirHosts      string        `yaml:"stir_hosts"`
	AcceptUnknown  bool          `yaml:"accept_unknown"`
	HEP            string        `yaml:"hep"`
	HEPNode        int           `yaml:"hep_node"`
	SRTP           string        `yaml:"srtp"`
	SessionExpires time.Duration `yaml:"session_expires"`
	SessionMinimum time.Duration `yaml:"session_minimum"`
	RingTimeout    time.Duration `yaml:"ring_timeout"`
	Worker         string        `yaml:"recogniser_program"`
	Model          string        `yaml:"recogniser_model"`
	Recognisers    int           `yaml:"recognisers"`
	Voice          string        `yaml:"voice"`
	VoiceName      string        `yaml:"voice_name"`
	Music          string        `yaml:"music"`
	Record         bool          `yaml:"record"`
	Consent        string        `yaml:"consent"`
	SealFor        string        `yaml:"recording_recipients"`
	SealKey        string        `yaml:"recording_identity"`
	KeepRecordings int           `yaml:"keep_recordings"`
	KeepWords      int           `yaml:"keep_transcripts"`
	KeepRecords    int           `yaml:"keep_records"`
	LogLevel       string        `yaml:"log_level"`
	Password       string        `yaml:"password"`
	ListenRTC      string        `yaml:"listen_rtc"`
	RTCOverTCP     string        `yaml:"listen_rtc_tcp"`
	Relay          string        `yaml:"relay"`
	RelayUser      string        `yaml:"relay_user"`
	RelaySecret    string        `yaml:"relay_password"`
	Sites          string        `yaml:"widget_sites"`
	AlertWords     string        `yaml:"alert_words"`
	ModelURL       string        `yaml:"model_url"`
	ModelName      string        `yaml:"model_name"`
	ModelKey       string        `yaml:"model_key"`
	ModelBudget    time.Duration `yaml:"model_budget"`
	ModelMood      bool          `yaml:"model_mood"`
	TurnBudget     time.Duration `yaml:"turn_budget"`

	EmbeddingsURL  string `yaml:"embeddings_url"`
	EmbeddingsName string `yaml:"embeddings_name"`
	EmbeddingsKey  string `yaml:"embeddings_key"`

	Ladder ladderSettings `yaml:"ladder"` // in the settings file alone
}

func defaults() config {
	worker := "attendant-pocketsphinx"
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), worker); exists(beside) {
			worker = beside
		}
	}
	return config{
		Data: "data", ListenSIP: "127.0.0.1:5060", ListenHTTP: "127.0.0.1:8080", ListenRTC: "127.0.0.1:0", MaxCalls: 100,
		RingTimeout: 20 * time.Second, Worker: worker, Model: "/usr/share/pocketsphinx/model/en-us", Recognisers: 24,
		Voice: "flite", VoiceName: "rms", Record: true, LogLevel: "info", ModelBudget: 900 * time.Millisecond, ModelMood: true,
		TurnBudget: 1500 * time.Millisecond, SourceRate: 50, CallRate: 0, MaxLate: 100 * time.Millisecond, DrainTimeout: 5 * time.Minute, AcceptUnknown: true,
		HEPNode: 1, SRTP: "taken", SessionExpires: 30 * time.Minute, SessionMinimum: 90 * time.Second,
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// secretValue is a secret in a settings file, of which errors show lines.
var secretValue = regexp.MustCompile(`(?i)((?:key|password|secret) *:) *[^\s,}]+`)

// errSettings marks faults of settings, which end the program with status 2.
var errSettings = errors.New("settings")

// loadConfig reads the file, if one is named, and the environment.
func loadConfig(file string, environ []string) (config, error) {
	c := defaults()
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return c, errors.Join(errSettings, err)
		}
		if err := yaml.UnmarshalWithOptions(data, &c, yaml.Strict()); err != nil {
			return c, fmt.Errorf("%w: %s: %s", errSettings, file, secretValue.ReplaceAllString(yaml.FormatError(err, false, true), "$1 …"))
		}
	}
	err := c.fromEnvironment(environ)
	c.Ladder.complete(environ)
	return c, err
}

func (c *config) fromEnvironment(environ []string) error {
	fields := map[string]reflect.Value{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Struct {
			continue
		}
		name := "ATTENDANT_" + strings.ToUpper(v.Type().Field(i).Tag.Get("yaml"))
		fields[name] = v.Field(i)
	}
	var faults []error
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		field, ok := fields[name]
		if !ok {
			if strings.HasPrefix(name, "ATTENDANT_") && !c.Ladder.keyed(name) {
				faults = append(faults, fmt.Errorf("%w: %s is no setting", errSettings, name))
			}
			continue
		}
		if err := set(field, value); err != nil {
			faults = append(faults, fmt.Errorf("%w: %s: %w", errSettings, name, err))
		}
	}
	return errors.Join(faults...)
}

func set(field reflect.Value, value string) error {
	switch field.Interface().(type) {
	case string:
		field.SetString(value)
	case bool:
		b, err := strconv.ParseBool(value)
		field.SetBool(b)
		return err
	case time.Duration:
		d, err := time.ParseDuration(value)
		field.SetInt(int64(d))
		return err
	case int:
		n, err := strconv.Atoi(value)
		field.SetInt(int64(n))
		return err
	}
	return nil
}

// validate returns all faults at once, one a line.
func (c *config) validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{errSettings}, args...)...))
	}
	for name, address := range map[string]string{"listen_http": c.ListenHTTP} {
		if _, port, err := net.SplitHostPort(address); err != nil || !isPort(port) {
			fault("%s: %q is not HOST:PORT", name, address)
		}
	}
	c.validateTransport(fault)
	if c.RTPFirst < 0 || c.RTPLast > 65535 || (c.RTPFirst > 0 && c.RTPLast < c.RTPFirst+1) {
		fault("rtp_first_port, rtp_last_port: %d to %d is no range of ports", c.RTPFirst, c.RTPLast)
	}
	if c.Voice != "flite" && c.Voice != "espeak" {
		fault("voice: %q is neither flite nor espeak", c.Voice)
	}
	if !slices.Contains([]string{"", "none", "announce", "ask"}, c.Consent) {
		fault("consent: %q is none of none, announce, ask", c.Consent)
	}
	if _, err := c.box(); err != nil {
		fault("recording_recipients, recording_identity: %w", err)
	}
	if c.KeepRecordings < 0 || c.KeepWords < 0 || c.KeepRecords < 0 {
		fault("keep_recordings, keep_transcripts, keep_records: days are not below 0")
	}
	if strings.ContainsAny(c.Human, " \t<>\"") {
		fault("human: %q is no SIP URI, phone or number", c.Human)
	}
	if c.MaxCalls < 1 || c.Recognisers < 1 {
		fault("max_calls and recognisers must be at least 1")
	}
	if c.RingTimeout <= 0 {
		fault("ring_timeout must be above 0")
	}
	if (c.ModelURL == "") != (c.ModelName == "") || c.ModelURL != "" && !isURL(c.ModelURL) {
		fault("model_url, model_name: %q, %q: want both, the first like http://HOST:PORT/v1", c.ModelURL, c.ModelName)
	}
	if (c.EmbeddingsURL == "") != (c.EmbeddingsName == "") || c.EmbeddingsURL != "" && !isURL(c.EmbeddingsURL) {
		fault("embeddings_url, embeddings_name: %q, %q: want both, the first like http://HOST:PORT/v1", c.EmbeddingsURL, c.EmbeddingsName)
	}
	if c.ModelBudget < 0 || c.ModelBudget > 5*time.Second {
		fault("model_budget: %v is not from 0 to 5s", c.ModelBudget)
	}
	if c.TurnBudget < 0 || c.TurnBudget > 10*time.Second {
		fault("turn_budget: %v is not from 0 to 10s", c.TurnBudget)
	}
	for _, f := range c.Ladder.faults() {
		fault("%s", f)
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		fault("log_level: %q is none of debug, info, warn, error", c.LogLevel)
	}
	return errors.Join(faults...)
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}
