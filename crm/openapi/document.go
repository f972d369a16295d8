package openapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"attendant/crm/mapping"
)

// document is an OpenAPI file.
type document struct{ *openapi3.T }

// read reads the file, and those of the folder that it refers to: nothing else,
// and nothing over the network.
func read(files fs.FS, name string) (*document, error) {
	data, err := fs.ReadFile(files, path.Clean(name))
	if err != nil {
		return nil, err
	}
	loader := &openapi3.Loader{IncludeOrigin: true, ReadFromURIFunc: func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		if u.Scheme != "" || u.Host != "" {
			return nil, fmt.Errorf("%s is not in the folder", u)
		}
		return fs.ReadFile(files, path.Clean(u.Path))
	}}
	t, err := loader.LoadFromDataWithPath(data, &url.URL{Path: path.Clean(name)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	// Examples are for people, and Go's expressions are not those of all files.
	err = t.Validate(context.Background(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
	var at *openapi3.PathValidationError
	if errors.As(err, &at) && t.Paths.Value(at.Path) != nil {
		if o := t.Paths.Value(at.Path).Origin; o != nil && o.Key != nil {
			name = fmt.Sprintf("%s:%d", name, o.Key.Line)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &document{t}, nil
}

// checks are how values are held against schemas.
func (d *document) checks() []openapi3.SchemaValidationOption {
	out := []openapi3.SchemaValidationOption{openapi3.VisitAsRequest(), openapi3.DisablePatternValidation()}
	if strings.HasPrefix(d.OpenAPI, "3.0") {
		return out
	}
	return append(out, openapi3.EnableJSONSchema2020())
}

// found is an operation of the file; its Operation is nil where there is none.
type found struct {
	*openapi3.Operation
	item         *openapi3.PathItem
	method, path string
}

// find finds an operation by its ID, or by method and path.
func (d *document) find(p mapping.Place, call string) found {
	var ids []string
	for _, at := range d.Paths.InMatchingOrder() {
		item := d.Paths.Value(at)
		operations := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			if o := operations[method]; call == method+" "+at || call != "" && call == o.OperationID {
				return found{o, item, method, at}
			} else if o.OperationID != "" {
				ids = append(ids, o.OperationID)
			} else {
				ids = append(ids, method+" "+at)
			}
		}
	}
	slices.Sort(ids)
	p.Fault("call %q: the file has no such operation; there are %s", call, strings.Join(ids, ", "))
	return found{}
}

// all are the operation's parameters, its own before those of its path.
func (f found) all() []*openapi3.Parameter {
	var out []*openapi3.Parameter
	for _, refs := range []openapi3.Parameters{f.Parameters, f.item.Parameters} {
		for _, r := range refs {
			if !slices.ContainsFunc(out, func(p *openapi3.Parameter) bool { return p.Name == r.Value.Name && p.In == r.Value.In }) {
				out = append(out, r.Value)
			}
		}
	}
	return out
}

func (f found) parameter(name string) *openapi3.Parameter {
	for _, p := range f.all() {
		if p.Name == name || p.In == openapi3.ParameterInHeader && http.CanonicalHeaderKey(p.Name) == http.CanonicalHeaderKey(name) {
			return p
		}
	}
	return nil
}

func (f found) parameters() []string {
	out := []string{}
	for _, p := range f.all() {
		out = append(out, p.Name)
	}
	return out
}

// body is the schema of the JSON body, whether one is taken, and whether it must
// be there.
func (f found) body() (s *openapi3.SchemaRef, takes, required bool) {
	if f.Operation == nil || f.RequestBody == nil || f.RequestBody.Value == nil {
		return nil, false, false
	}
	media := f.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil, false, f.RequestBody.Value.Required
	}
	return media.Schema, true, f.RequestBody.Value.Required
}

// success is the answer where all went well: the first of the statuses 2xx, else
// the default.
func (f found) success() *openapi3.Response {
	if f.Operation == nil || f.Responses == nil {
		return nil
	}
	answers := f.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		if strings.HasPrefix(status, "2") {
			return answers[status].Value
		}
	}
	if d := answers["default"]; d != nil {
		return d.Value
	}
	return nil
}

// answer is what is known of a good answer's JSON.
func (f found) answer() *mapping.Schema {
	r := f.success()
	if r == nil {
		return nil
	}
	if media := r.Content.Get("application/json"); media != nil {
		return convert(media.Schema, 0)
	}
	return nil
}

// silent reports whether the file says that a good answer has no JSON.
func (f found) silent() bool {
	r := f.success()
	return r != nil && r.Content.Get("application/json") == nil
}

// depth bounds what is looked at of schemas, which may hold themselves.
const depth = 12

// convert makes a schema of ours of the file's. Of several that may hold, any
// property may be there and none must.
func convert(ref *openapi3.SchemaRef, level int) *mapping.Schema {
	if ref == nil || ref.Value == nil || level > depth {
		return &mapping.Schema{Open: true}
	}
	s := ref.Value
	out := &mapping.Schema{Type: kind(s.Type), Properties: map[string]*mapping.Schema{}, Required: s.Required}
	for name, p := range s.Properties {
		out.Properties[name] = convert(p, level+1)
	}
	if s.Items != nil {
		out.Items = convert(s.Items, level+1)
	}
	for _, part := range s.AllOf {
		out.Merge(convert(part, level+1), true)
	}
	for _, part := range slices.Concat(s.AnyOf, s.OneOf) {
		out.Merge(convert(part, level+1), false)
	}
	if out.Type == "" && len(out.Properties) > 0 {
		out.Type = "object"
	}
	// Most files do not say whether more is allowed: then a name that is not there
	// is a slip. A file that allows it, or names nothing, is believed.
	out.Open = out.Open || s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has || len(out.Properties) == 0
	return out
}

func kind(types *openapi3.Types) string {
	for _, t := range types.Slice() {
		if t != "null" {
			return t
		}
	}
	return ""
}

// scalar is the schema of a parameter; of a list, one item is sent.
func scalar(ref *openapi3.SchemaRef) *mapping.Schema {
	s := convert(ref, 0)
	if s.Type == "array" && s.Items != nil {
		return s.Items
	}
	return s
}
