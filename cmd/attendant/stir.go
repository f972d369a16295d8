package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"attendant/crm/egress"
	"attendant/sip"
	"attendant/sip/number"
	"attendant/sip/stir"
)

// maxCertificate bounds a certificate's file that is fetched.
const maxCertificate = 64 << 10

// openVerifier returns who verifies signed caller numbers; nil where no roots
// are set. Certificates are fetched only from the hosts of the settings.
func openVerifier(c config) (*stir.Verifier, error) {
	if c.StirRoots == "" {
		return nil, nil //nolint:nilnil // none is wanted
	}
	data, err := os.ReadFile(c.StirRoots)
	if err != nil {
		return nil, fmt.Errorf("%w: stir_roots: %w", errSettings, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%w: stir_roots: %s has no certificate", errSettings, c.StirRoots)
	}
	var hosts []egress.Host
	for _, h := range strings.Fields(c.StirHosts) {
		hosts = append(hosts, egress.Host{Name: h})
	}
	client := egress.New(egress.Config{Hosts: hosts, MaxBody: maxCertificate})
	return stir.New(stir.Config{Roots: roots, Fetch: func(ctx context.Context, url string) ([]byte, error) {
		return fetch(ctx, client, url)
	}}), nil
}

func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// attest says what the call's signatures say of its caller's number.
func (t *telephony) attest(ctx context.Context, v sip.Invitation, w sip.Welcome) sip.Welcome {
	if t.verifier == nil {
		return w
	}
	from, to := w.Number, w.Dialled
	if from == "" {
		from = v.From
	}
	if to == "" {
		to = v.Dialled
	}
	for _, n := range []*string{&from, &to} {
		if read, err := number.Read(*n, t.region); err == nil {
			*n = read.String()
		}
	}
	w.Caller = t.verifier.Verify(ctx, v.Identity, from, to).String()
	return w
}
