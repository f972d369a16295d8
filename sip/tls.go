package sip

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLS says how to prove who we are and whom to believe. All are files in PEM
// form; they are read again when they change.
type TLS struct {
	Certificate string // with its chain; needed by TLS and WSS listeners
	Key         string
	Clients     string // authorities of client certificates; none are asked for where empty
	Roots       string // authorities of the servers that we call; the system's where empty
}

// recheck is how often the files are looked at, at most.
const recheck = time.Second

// credentials hold what has been read of a TLS's files.
type credentials struct {
	files TLS

	mu      sync.Mutex
	looked  time.Time
	changed map[string]time.Time // when each file was changed, as read
	pair    *tls.Certificate
	clients *x509.CertPool
	roots   *x509.CertPool
}

// loadTLS reads the files, so that faults are told at start.
func loadTLS(files TLS) (*credentials, error) {
	c := &credentials{files: files, changed: map[string]time.Time{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c, c.read()
}

// read reads all files; what is in use stays where one is faulty. The caller
// holds mu.
func (c *credentials) read() error {
	var pair *tls.Certificate
	if c.files.Certificate != "" {
		p, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
		if err != nil {
			return fmt.Errorf("TLS certificate: %w", err)
		}
		pair = &p
	}
	clients, err := pool(c.files.Clients)
	if err != nil {
		return err
	}
	roots, err := pool(c.files.Roots)
	if err != nil {
		return err
	}
	c.pair, c.clients, c.roots = pair, clients, roots
	return nil
}

func pool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("TLS authorities: %w", err)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("TLS authorities: no certificate in %s", file)
	}
	return p, nil
}

// fresh reads the files again where one has changed. A certificate and its key
// are two files: between the two writes they do not fit, and the old pair stays
// until they do.
func (c *credentials) fresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < recheck {
		return
	}
	c.looked = time.Now()
	changed := false
	now := map[string]time.Time{}
	for _, name := range []string{c.files.Certificate, c.files.Key, c.files.Clients, c.files.Roots} {
		if info, err := os.Stat(name); name != "" && err == nil {
			now[name] = info.ModTime()
			changed = changed || !now[name].Equal(c.changed[name])
		}
	}
	if changed && c.read() == nil {
		c.changed = now
	}
}

// server is the configuration of a listener; nil without TLS.
func (c *credentials) server(l Listener) (*tls.Config, error) {
	if l.Transport != "TLS" && l.Transport != "WSS" {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.pair == nil:
		return nil, errors.New("TLS needs a certificate and its key")
	case l.Verify && c.clients == nil:
		return nil, errors.New("verifying clients needs their authorities")
	}
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c.fresh()
		c.mu.Lock()
		defer c.mu.Unlock()
		config := &tls.Config{Certificates: []tls.Certificate{*c.pair}, MinVersion: tls.VersionTLS12}
		if c.clients != nil {
			config.ClientCAs, config.ClientAuth = c.clients, tls.VerifyClientCertIfGiven
		}
		if l.Verify {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
		return config, nil
	}}, nil
}

// client is the configuration for a connection to the server of that name. Our
// certificate is shown where it is asked for.
func (c *credentials) client(name string) *tls.Config {
	c.fresh()
	c.mu.Lock()
	defer c.mu.Unlock()
	config := &tls.Config{ServerName: name, RootCAs: c.roots, MinVersion: tls.VersionTLS12}
	if c.pair != nil {
		config.Certificates = []tls.Certificate{*c.pair}
	}
	return config
}
