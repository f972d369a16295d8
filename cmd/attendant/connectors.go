package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"

	"github.com/goccy/go-yaml"

	"attendant/crm"
	"attendant/crm/egress"
	"attendant/crm/webhook"
)

// connectorsFile is a company's connectors.yaml: the systems that serve
// operations before the embedded CRM does.
type connectorsFile struct {
	Webhooks []webhookSettings `yaml:"webhooks"`
}

type webhookSettings struct {
	URL        string          `yaml:"url"`
	SecretEnv  string          `yaml:"secret_env"` // the environment's variable that holds the secret
	Private    bool            `yaml:"private"`    // the host may have a private address
	Operations []crm.Operation `yaml:"operations"`
}

// loadConnectors reads connectors.yaml, which a company need not have.
func loadConnectors(files fs.FS) ([]crm.System, error) {
	data, err := fs.ReadFile(files, "connectors.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f connectorsFile
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, &f, yaml.Strict())
	}
	if err != nil {
		return nil, fmt.Errorf("connectors.yaml: %s", yaml.FormatError(err, false, true))
	}
	var out []crm.System
	var faults []error
	for i, w := range f.Webhooks {
		s, err := w.open()
		if err != nil {
			faults = append(faults, fmt.Errorf("connectors.yaml: webhook %d: %w", i+1, err))
			continue
		}
		out = append(out, s)
	}
	return out, errors.Join(faults...)
}

func (w webhookSettings) open() (crm.System, error) {
	u, err := url.Parse(w.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !w.Private:
		return nil, fmt.Errorf("url %q: want https://HOST/PATH", w.URL)
	case os.Getenv(w.SecretEnv) == "":
		return nil, fmt.Errorf("secret_env: %q is not set in the environment", w.SecretEnv)
	case len(w.Operations) == 0:
		return nil, errors.New("no operations")
	}
	risks := []crm.Risk{crm.Open, crm.Tracking, crm.Personal, crm.Change, crm.Irreversible}
	for _, o := range w.Operations {
		if o.Name == "" || !slices.Contains(risks, o.Risk) {
			return nil, fmt.Errorf("operation %q: risk %q is none of %v", o.Name, o.Risk, risks)
		}
	}
	return &webhook.System{
		URL: w.URL, Secret: []byte(os.Getenv(w.SecretEnv)), Serves: w.Operations,
		Client: egress.New(egress.Config{Hosts: []egress.Host{{Name: u.Hostname(), Private: w.Private}}}),
	}, nil
}

// records is the system of record: the company's connectors, then the embedded
// CRM.
func (c *company) records(embedded crm.Connector) crm.System {
	return crm.Join(append(slices.Clone(c.connectors), crm.Operate(embedded, c.flows.Zone()))...)
}
