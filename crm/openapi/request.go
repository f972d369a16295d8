package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"attendant/crm/mapping"
)

// request is a Request, compiled.
type request struct {
	found    found
	params   []param
	body     *mapping.Tree
	checks   []openapi3.SchemaValidationOption
	required bool // the body
}

type param struct {
	*openapi3.Parameter
	value *mapping.Tree
}

// compile checks a request against the operation of the file.
func (q Request) compile(p mapping.Place, f found, d *document) *request {
	out := &request{found: f}
	if f.Operation == nil {
		return out
	}
	out.checks = d.checks()
	for _, name := range slices.Sorted(maps.Keys(q.Params)) {
		at := p.In("params", name)
		spec := f.parameter(name)
		if spec == nil {
			at.Fault("%s has no parameter %q; there are %s", q.Call, name, strings.Join(f.parameters(), ", "))
			continue
		}
		if spec.In == openapi3.ParameterInCookie {
			at.Fault("%q stands in a cookie, which is left out", name)
		}
		value := mapping.Compile(at, q.Params[name], scalar(spec.Schema))
		for _, arg := range value.Names() {
			if arg == "pin" && spec.In != openapi3.ParameterInHeader {
				at.Fault("a PIN in an address would stand in logs: put it into the body")
			}
		}
		out.params = append(out.params, param{spec, value})
	}
	for _, spec := range f.all() {
		if spec.Required && q.Params[spec.Name] == "" {
			p.In("params").Fault("%s needs the parameter %q, in %s", q.Call, spec.Name, spec.In)
		}
	}
	out.compileBody(p.In("body"), q, f)
	return out
}

func (r *request) compileBody(p mapping.Place, q Request, f found) {
	schema, takes, required := f.body()
	switch {
	case q.Body == nil && required:
		p.Fault("%s needs a body", q.Call)
	case q.Body != nil && !takes:
		p.Fault("%s takes no JSON body", q.Call)
	case q.Body != nil:
		r.body, r.required = mapping.Compile(p, q.Body, convert(schema, 0)), required
	}
}

// names are the arguments that the request uses.
func (r *request) names() []string {
	out := r.body.Names()
	for _, p := range r.params {
		out = append(out, p.value.Names()...)
	}
	return out
}

// build fills in the arguments. Its errors name what was wrong, not the values.
func (r *request) build(ctx context.Context, server string, args map[string]string, zone *time.Location) (*http.Request, error) {
	path, query, header := r.found.path, url.Values{}, http.Header{"Accept": {"application/json"}}
	for _, p := range r.params {
		text, err := p.fill(args, zone, r.checks)
		switch {
		case err != nil:
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		case text == "" && p.Required:
			return nil, fmt.Errorf("parameter %s: no value", p.Name)
		case text == "":
		case p.In == openapi3.ParameterInPath:
			if text == "." || text == ".." {
				return nil, fmt.Errorf("parameter %s: leads elsewhere", p.Name)
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case p.In == openapi3.ParameterInQuery:
			query.Set(p.Name, text)
		default:
			header.Set(p.Name, text)
		}
	}
	body, err := r.content(args, zone)
	if err != nil {
		return nil, err
	}
	address := strings.TrimSuffix(server, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	out, err := http.NewRequestWithContext(ctx, r.found.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("it makes no request")
	}
	if body == nil {
		out.Body, out.ContentLength = http.NoBody, 0
	} else {
		header.Set("Content-Type", "application/json")
	}
	out.Header = header
	return out, nil
}

// fill is a parameter's value as text, empty where there is none.
func (p param) fill(args map[string]string, zone *time.Location, checks []openapi3.SchemaValidationOption) (string, error) {
	v, err := p.value.Fill(args, zone)
	if v == nil || err != nil {
		return "", err
	}
	if p.Schema != nil && !p.Schema.Value.Type.Is("array") {
		if err := fits(p.Schema, v, checks); err != nil {
			return "", err
		}
	}
	return fmt.Sprint(v), nil
}

func (r *request) content(args map[string]string, zone *time.Location) ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	v, err := r.body.Fill(args, zone)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if v == nil {
		v = map[string]any{}
	}
	schema, _, _ := r.found.body()
	if err := fits(schema, v, r.checks); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return json.Marshal(v)
}

// fits holds a value against the file's schema.
func fits(s *openapi3.SchemaRef, v any, checks []openapi3.SchemaValidationOption) error {
	if s == nil || s.Value == nil {
		return nil
	}
	err := s.Value.VisitJSON(v, checks...)
	var fault *openapi3.SchemaError
	if errors.As(err, &fault) {
		return fmt.Errorf("%s: does not fit %s", strings.Join(fault.JSONPointer(), "."), fault.SchemaField)
	}
	if err != nil {
		return errors.New("does not fit the schema")
	}
	return nil
}
