package main

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestComposeServesWhatItsSettingsName holds deploy/compose.yaml to its form and
// to its settings: each vendor's port is published, on this machine alone, and the
// models are those that the servers load.
func TestComposeServesWhatItsSettingsName(t *testing.T) {
	c, err := loadConfig("../../deploy/compose.settings.yaml", nil)
	if err != nil || c.validate() != nil {
		t.Fatal(err, c.validate())
	}
	data, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Image, Restart string
			Environment    map[string]string
			Volumes, Ports []string
			Command        []string
			Healthcheck    struct {
				Test     []string
				Interval string
				Retries  int
			}
			DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	if err := yaml.UnmarshalWithOptions(data, &compose, yaml.Strict()); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	published := map[string]bool{}
	for name, s := range compose.Services {
		if s.Image == "" || s.Restart == "" {
			t.Errorf("service %s: image %q, restart %q", name, s.Image, s.Restart)
		}
		for _, p := range s.Ports {
			f := strings.Split(p, ":")
			if len(f) != 3 || f[0] != "127.0.0.1" {
				t.Errorf("service %s publishes %s", name, p)
				continue
			}
			published[f[0]+":"+f[1]] = true
		}
		for _, v := range s.Volumes {
			if volume, _, _ := strings.Cut(v, ":"); !hasKey(compose.Volumes, volume) {
				t.Errorf("service %s: volume %s is not declared", name, volume)
			}
		}
		for on := range s.DependsOn {
			if compose.Services[on].Image == "" {
				t.Errorf("service %s depends on %s, which is none", name, on)
			}
		}
	}
	vendors := c.Ladder.vendors()
	for _, v := range vendors {
		if u, err := url.Parse(v.URL); err != nil || !published[u.Host] {
			t.Errorf("%s %s: nobody serves %s", v.kind, v.Name, v.URL)
		}
	}
	if len(vendors) != 3 || compose.Services["recogniser"].Environment["WHISPER__MODEL"] != c.Ladder.Recognisers[0].Model || compose.Services["model-fetch"].Command[1] != c.Ladder.Models[0].Model {
		t.Errorf("%d vendors; the models of the settings are not those of the servers", len(vendors))
	}
}

func hasKey(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}
