package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"attendant/crm"
	"attendant/crm/egress"
	"attendant/crm/local"
	"attendant/crm/mapping"
	"attendant/crm/mcp"
	"attendant/crm/openapi"
	"attendant/crm/webhook"
)

// connectorsFile is a company's connectors.yaml: the systems that serve
// operations before the embedded CRM does. One line a kind.
type connectorsFile struct {
	OpenAPI  []openapi.Settings `yaml:"openapi"`
	MCP      []mcp.Settings     `yaml:"mcp"`
	Webhooks []webhookSettings  `yaml:"webhooks"`
}

type webhookSettings struct {
	URL        string          `yaml:"url"`
	SecretEnv  string          `yaml:"secret_env"` // the environment's variable that holds the secret
	Private    bool            `yaml:"private"`    // the host may have a private address
	Operations []crm.Operation `yaml:"operations"`
}

// loadConnectors reads connectors.yaml, which a company need not have. Moments
// are told in the company's zone. It contacts nobody. Its error joins all faults,
// one a line, each with file and line.
func loadConnectors(files fs.FS, zone *time.Location) ([]crm.System, error) {
	const name = "connectors.yaml"
	data, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f connectorsFile
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, &f, yaml.Strict())
	}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return nil, fmt.Errorf("%s:%d: %s", name, at.GetToken().Position.Line, yaml.FormatError(err, false, true))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root := mapping.Root()
	var out []crm.System
	for i, s := range f.OpenAPI {
		if system := openapi.New(root.Item("openapi", i), s, files, os.Getenv, zone); system != nil {
			out = append(out, system)
		}
	}
	for i, s := range f.MCP {
		out = append(out, mcp.New(root.Item("mcp", i), s, os.Getenv, zone))
	}
	for i, w := range f.Webhooks {
		if system := w.open(root.Item("webhooks", i)); system != nil {
			out = append(out, system)
		}
	}
	return out, located(name, data, root.Faults())
}

// zoneOf is the time zone in company.yaml, which the connectors need before all of
// it is read and checked.
func zoneOf(files fs.FS) *time.Location {
	var c struct {
		Timezone string `yaml:"timezone"`
	}
	data, err := fs.ReadFile(files, "company.yaml")
	if err != nil || yaml.Unmarshal(data, &c) != nil {
		return time.UTC
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// checkRecords checks crm.yaml, which a company whose records are elsewhere does
// not have.
func checkRecords(files fs.FS) error {
	data, err := fs.ReadFile(files, "crm.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return local.Check(data)
}

// located are faults with the lines of their places.
func located(name string, data []byte, faults []*mapping.Fault) error {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil || len(tree.Docs) == 0 {
		return err
	}
	var out []error
	for _, f := range faults {
		out = append(out, fmt.Errorf("%s:%d: %w", name, lineOf(tree.Docs[0].Body, f.Path), f.Err))
	}
	return errors.Join(out...)
}

// lineOf is the line at which a path leads into YAML, or that of as much of it
// as there is.
func lineOf(node ast.Node, path []string) int {
	line := node.GetToken().Position.Line
	if len(path) == 0 {
		return line
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == path[0] {
				return max(v.Key.GetToken().Position.Line, lineOf(v.Value, path[1:]))
			}
		}
		if len(n.Values) > 0 { // what is missing is missing from where this begins
			return n.Values[0].Key.GetToken().Position.Line
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == path[0] {
			return max(n.Key.GetToken().Position.Line, lineOf(n.Value, path[1:]))
		}
		return n.Key.GetToken().Position.Line
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(n.Values) {
			return lineOf(n.Values[i], path[1:])
		}
	}
	return line
}

// open notes faults at p.
func (w webhookSettings) open(p mapping.Place) *webhook.System {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && !w.Private {
		p.In("url").Fault("url %q: want https://HOST/PATH (http only where private is set)", w.URL)
		return nil
	}
	if os.Getenv(w.SecretEnv) == "" {
		p.In("secret_env").Fault("secret_env: %q is not set in the environment", w.SecretEnv)
	}
	if len(w.Operations) == 0 {
		p.Fault("no operations")
	}
	risks := []crm.Risk{crm.Open, crm.Tracking, crm.Personal, crm.Change, crm.Irreversible}
	for i, o := range w.Operations {
		least := 0
		for _, std := range crm.Standard() {
			if std.Name == o.Name {
				least = slices.Index(risks, std.Risk)
			}
		}
		switch at := slices.Index(risks, o.Risk); {
		case o.Name == "" || at < 0:
			p.Item("operations", i).In("risk").Fault("operation %q: risk %q is none of %v", o.Name, o.Risk, risks)
		case at < least:
			p.Item("operations", i).In("risk").Fault("%s: the risk of %s is %s", o.Risk, o.Name, risks[least])
		}
	}
	return &webhook.System{
		URL: w.URL, Secret: []byte(os.Getenv(w.SecretEnv)), Serves: w.Operations,
		Client: egress.New(egress.Config{Hosts: []egress.Host{{Name: u.Hostname(), Private: w.Private}}}),
	}
}

// records is the system of record: the company's connectors, then the embedded
// CRM.
func (c *company) records(embedded crm.Connector) crm.System {
	return crm.Join(append(slices.Clone(c.connectors), crm.Operate(embedded, c.flows.Zone()))...)
}

// prober is a connector that can tell whether its system is there.
type prober interface {
	Probe(ctx context.Context) error
}

// probe contacts the systems that can be asked whether they are there, all at
// once, so that the first caller does not wait for what opens slowly.
func (c *company) probe(ctx context.Context) error {
	faults := make([]error, len(c.connectors))
	var probing sync.WaitGroup
	for i, s := range c.connectors {
		if p, ok := s.(prober); ok {
			probing.Go(func() {
				if err := p.Probe(ctx); err != nil {
					faults[i] = fmt.Errorf("connector %d: %w", i+1, err)
				}
			})
		}
	}
	probing.Wait()
	return errors.Join(faults...)
}

// warm probes for a server that goes on without.
func (c *company) warm(ctx context.Context, log *slog.Logger) {
	if err := c.probe(ctx); err != nil && ctx.Err() == nil {
		log.Warn("a connector cannot be reached", "error", err)
	}
}

// close ends what connectors have open.
func (c *company) close() error {
	var faults []error
	for _, s := range c.connectors {
		if open, ok := s.(io.Closer); ok {
			faults = append(faults, open.Close())
		}
	}
	return errors.Join(faults...)
}
