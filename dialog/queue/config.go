package queue

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is what a company's queues.yaml holds.
type Config struct {
	Queues []Queue `json:"queues" yaml:"queues"`
	Agents []Agent `json:"agents" yaml:"agents"`
}

// Agent is a human who takes calls, one at a time.
type Agent struct {
	Name      string         `json:"name" yaml:"name"`
	Title     string         `json:"title,omitempty" yaml:"title,omitempty"`         // how the agent is spoken of; Name where empty
	Extension string         `json:"extension,omitempty" yaml:"extension,omitempty"` // the digits by which colleagues reach the agent
	Addresses []string       `json:"addresses,omitempty" yaml:"addresses,omitempty"` // SIP URIs, tried together
	Skills    map[string]int `json:"skills,omitempty" yaml:"skills,omitempty"`       // skill -> level, 1 to 10
	Languages []string       `json:"languages,omitempty" yaml:"languages,omitempty"` // BCP 47; any where empty
	Queues    map[string]int `json:"queues,omitempty" yaml:"queues,omitempty"`       // queue -> the tier from which on it is served; every queue's first where empty
	Role      string         `json:"role,omitempty" yaml:"role,omitempty"`           // "agent" (or empty) or "supervisor"
	WrapUp    time.Duration  `json:"wrap_up,omitempty" yaml:"wrap_up,omitempty"`     // after each call
	Ring      time.Duration  `json:"ring,omitempty" yaml:"ring,omitempty"`           // how long the phone rings; 20 s where 0
	State     State          `json:"state,omitempty" yaml:"state,omitempty"`         // at the start: offline where empty
}

// Queue is a line of callers, and who may take them.
type Queue struct {
	Name        string         `json:"name" yaml:"name"`
	Title       string         `json:"title,omitempty" yaml:"title,omitempty"`
	Default     bool           `json:"default,omitempty" yaml:"default,omitempty"`   // where callers wait whom no queue's skill fits; the first queue where none is
	Skills      map[string]int `json:"skills,omitempty" yaml:"skills,omitempty"`     // required: skill -> least level
	Priority    int            `json:"priority,omitempty" yaml:"priority,omitempty"` // the higher is served first
	Strategy    Strategy       `json:"strategy,omitempty" yaml:"strategy,omitempty"` // longest_idle where empty
	Tiers       []Tier         `json:"tiers,omitempty" yaml:"tiers,omitempty"`       // how the circle of agents widens
	Hours       *Hours         `json:"hours,omitempty" yaml:"hours,omitempty"`       // always open where nil
	MaxWait     time.Duration  `json:"max_wait,omitempty" yaml:"max_wait,omitempty"` // no bound where 0
	MaxSize     int            `json:"max_size,omitempty" yaml:"max_size,omitempty"` // no bound where 0
	Overflow    string         `json:"overflow,omitempty" yaml:"overflow,omitempty"` // callback, voicemail, attendant or "queue NAME"; attendant where empty
	Mode        Mode           `json:"mode,omitempty" yaml:"mode,omitempty"`         // warm where empty
	Target      string         `json:"target,omitempty" yaml:"target,omitempty"`     // of REFER without an agent: a PBX's own queue
	Introduce   bool           `json:"introduce,omitempty" yaml:"introduce,omitempty"`
	Notes       bool           `json:"notes,omitempty" yaml:"notes,omitempty"`                 // the attendant goes on listening and writes down what is said
	Lost        string         `json:"lost,omitempty" yaml:"lost,omitempty"`                   // when an agent's line breaks: requeue (or empty) or attendant
	Announce    time.Duration  `json:"announce,omitempty" yaml:"announce,omitempty"`           // between announcements to those who wait; 30 s where 0
	Music       string         `json:"music,omitempty" yaml:"music,omitempty"`                 // a WAV or MP3 file beside queues.yaml
	ServiceGoal time.Duration  `json:"service_goal,omitempty" yaml:"service_goal,omitempty"`   // answered within it counts for the service level; 20 s where 0
	Visible     bool           `json:"visible,omitempty" yaml:"visible,omitempty"`             // agents are told that a supervisor listens
	Back        []string       `json:"back,omitempty" yaml:"back,omitempty"`                   // flows that an agent may give a caller back to
	WrapUpCodes []string       `json:"wrap_up_codes,omitempty" yaml:"wrap_up_codes,omitempty"` // by their number, 1 on
}

// Tier is how far the circle of agents is widened after a while. Agents whose
// own tier of a queue is n join with its n-th tier.
type Tier struct {
	After       time.Duration `json:"after" yaml:"after"`
	Slack       int           `json:"slack,omitempty" yaml:"slack,omitempty"` // levels below what is required that will do
	AnyLanguage bool          `json:"any_language,omitempty" yaml:"any_language,omitempty"`
}

// Strategy says who of several free agents is rung.
type Strategy string

// The strategies.
const (
	LongestIdle Strategy = "longest_idle"
	RoundRobin  Strategy = "round_robin"
	RingAll     Strategy = "ring_all"
	BestSkill   Strategy = "best_skill"
	LastAgent   Strategy = "last_agent" // who spoke with the caller last, else the longest idle
)

// Mode says how caller and agent are connected.
type Mode string

// The modes.
const (
	Warm     Mode = "warm"     // our bridge, after a briefing
	Plain    Mode = "plain"    // our bridge, without one
	Blind    Mode = "blind"    // REFER to the agent's address
	Attended Mode = "attended" // REFER with Replaces, after the briefing
)

// DefaultQueue is where callers wait whom no queue's skill fits: the one that is
// marked so, else the first; empty where there is none.
func (c *Config) DefaultQueue() string {
	for _, q := range c.Queues {
		if q.Default {
			return q.Name
		}
	}
	if len(c.Queues) == 0 {
		return ""
	}
	return c.Queues[0].Name
}

// Complete fills the defaults in and returns all faults at once. What c came from
// is left as it is.
func (c *Config) Complete() error {
	c.Queues, c.Agents = slices.Clone(c.Queues), slices.Clone(c.Agents)
	for i := range c.Queues {
		if h := c.Queues[i].Hours; h != nil {
			own := *h // Validate completes it
			c.Queues[i].Hours = &own
		}
	}
	c.defaults()
	return c.Validate()
}

// Load reads queues.yaml strictly, fills defaults in and checks it.
func Load(data []byte) (Config, error) {
	var c Config
	if err := yaml.UnmarshalWithOptions(data, &c, yaml.Strict()); err != nil {
		return c, fmt.Errorf("queues.yaml: %s", yaml.FormatError(err, false, true))
	}
	c.defaults()
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("queues.yaml: %w", err)
	}
	return c, nil
}

func (c *Config) defaults() {
	for i := range c.Queues {
		q := &c.Queues[i]
		orDefault(&q.Strategy, LongestIdle)
		orDefault(&q.Mode, Warm)
		orDefault(&q.Overflow, "attendant")
		orDefault(&q.Announce, 30*time.Second)
		orDefault(&q.ServiceGoal, 20*time.Second)
		orDefault(&q.Title, q.Name)
		orDefault(&q.Lost, "requeue")
		if len(q.Tiers) == 0 {
			q.Tiers = []Tier{{}}
		}
	}
	for i := range c.Agents {
		a := &c.Agents[i]
		orDefault(&a.Ring, 20*time.Second)
		orDefault(&a.Title, a.Name)
		orDefault(&a.State, Offline)
		orDefault(&a.Role, "agent")
	}
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// names are used in addresses and on the command line.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// Validate returns all faults at once.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	queues, marked := map[string]bool{}, ""
	for i := range c.Queues {
		q := &c.Queues[i]
		if q.Default && marked != "" {
			fault("queues %s and %s: only one can be the default one", marked, q.Name)
		}
		if q.Default {
			marked = q.Name
		}
		if !names.MatchString(q.Name) || queues[q.Name] {
			fault("queue %q: the name is missing, taken or not of a-z 0-9 _ . -", q.Name)
		}
		queues[q.Name] = true
	}
	for i := range c.Queues {
		c.Queues[i].check(queues, fault)
	}
	seen := map[string]bool{}
	for i := range c.Agents {
		c.Agents[i].check(queues, seen, fault)
	}
	return errors.Join(faults...)
}

func (q *Queue) check(queues map[string]bool, fault func(string, ...any)) {
	if !slices.Contains([]Strategy{LongestIdle, RoundRobin, RingAll, BestSkill, LastAgent}, q.Strategy) {
		fault("queue %s: strategy %q is none of longest_idle, round_robin, ring_all, best_skill, last_agent", q.Name, q.Strategy)
	}
	if !slices.Contains([]Mode{Warm, Plain, Blind, Attended}, q.Mode) {
		fault("queue %s: mode %q is none of warm, plain, blind, attended", q.Name, q.Mode)
	}
	target, other := strings.CutPrefix(q.Overflow, "queue ")
	if other && (!queues[target] || target == q.Name) || !other && !slices.Contains([]string{"callback", "voicemail", "attendant"}, q.Overflow) {
		fault("queue %s: overflow %q is none of callback, voicemail, attendant, \"queue NAME\"", q.Name, q.Overflow)
	}
	if q.Lost != "requeue" && q.Lost != "attendant" {
		fault("queue %s: lost %q is neither requeue nor attendant", q.Name, q.Lost)
	}
	if q.MaxWait < 0 || q.MaxSize < 0 || q.Announce < 0 || q.ServiceGoal < 0 {
		fault("queue %s: a bound is below 0", q.Name)
	}
	if !slices.IsSortedFunc(q.Tiers, func(a, b Tier) int { return int(a.After - b.After) }) {
		fault("queue %s: tiers must follow one another in time", q.Name)
	}
	if q.Hours != nil {
		if err := q.Hours.check(); err != nil {
			fault("queue %s: %v", q.Name, err)
		}
	}
}

func (a *Agent) check(queues, seen map[string]bool, fault func(string, ...any)) {
	if !names.MatchString(a.Name) || seen[a.Name] {
		fault("agent %q: the name is missing, taken or not of a-z 0-9 _ . -", a.Name)
	}
	seen[a.Name] = true
	if a.Extension != "" && seen["#"+a.Extension] {
		fault("agent %s: the extension %s is taken", a.Name, a.Extension)
	}
	seen["#"+a.Extension] = true
	if strings.Trim(a.Extension, "0123456789") != "" {
		fault("agent %s: the extension is digits", a.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Queues)) {
		if !queues[name] || a.Queues[name] < 1 {
			fault("agent %s: %q is no queue, or its tier is below 1", a.Name, name)
		}
	}
	if a.State != Offline && a.State != Available && a.State != Away {
		fault("agent %s: state %q is none of offline, available, away", a.Name, a.State)
	}
	if a.Role != "agent" && a.Role != "supervisor" {
		fault("agent %s: role %q is neither agent nor supervisor", a.Name, a.Role)
	}
	if a.WrapUp < 0 || a.Ring < 0 {
		fault("agent %s: a time is below 0", a.Name)
	}
}
