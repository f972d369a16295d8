package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
)

// shelfAPI is the API of one kind of what administrators set.
type shelfAPI[T any] struct {
	c    *Console
	kept Shelf[T] // nil where there is none
	name func(T) string
}

type entriesInput struct {
	Before string `query:"before" maxLength:"128" doc:"entries after the one of this name"`
	Search string `query:"search" maxLength:"128" doc:"only names and texts with this in them"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type entryName struct {
	Name string `path:"name" maxLength:"128"`
}

type entryAdd[T any] struct{ Body T }

type entryChange[T any] struct {
	Name    string `path:"name" maxLength:"128"`
	IfMatch string `header:"If-Match" doc:"the ETag that the change was made of, or *"`
	Body    T
}

type entryRemoval struct {
	Name    string `path:"name" maxLength:"128"`
	IfMatch string `header:"If-Match" doc:"the ETag that is meant, or *"`
}

type entryOutput[T any] struct {
	ETag string `header:"ETag"`
	Body Entry[T]
}

type importInput struct {
	Try     bool   `query:"dry_run" doc:"tell what would be done, and change nothing"`
	Prune   bool   `query:"prune" doc:"remove what the file does not have"`
	RawBody []byte `contentType:"text/csv"`
}

type importOutput struct {
	Body struct {
		Applied bool        `json:"applied" doc:"all of it was done"`
		Faults  int         `json:"faults"`
		Rows    []ImportRow `json:"rows"`
	}
}

type fileOutput struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (c *Console) provisionRoutes(api huma.API) {
	shelfRoutes(api, "number", shelfAPI[NumberRule]{c, c.cfg.Numbers, func(r NumberRule) string { return r.Number + " " + r.Name + " " + r.Flow }})
	shelfRoutes(api, "trunk", shelfAPI[TrunkSettings]{c, c.cfg.TrunkBook, func(t TrunkSettings) string { return t.Name + " " + t.About + " " + t.Host }})
	huma.Register(api, operation("trunk-presets", http.MethodGet, "/presets/trunks", "telephony", "List what preset may be", access.ReadTelephony), c.presets)
	huma.Register(api, operation("place-call", http.MethodPost, "/outgoing", "telephony", "Call a number over a trunk; the attendant talks with whoever answers", access.WriteTelephony), c.placeCall)
	huma.Register(api, operation("placed-calls", http.MethodGet, "/outgoing", "telephony", "List the calls placed here, the newest first, and how they went", access.ReadTelephony), c.placedCalls)
}

// shelfRoutes registers the routes of a kind: /numbers, /numbers/{name}, ... The
// trunks' own list tells their states, so theirs stands at /provision.
func shelfRoutes[T any](api huma.API, kind string, s shelfAPI[T]) {
	path, plural := "/provision/"+kind+"s", kind+"s"
	const tag = "telephony"
	huma.Register(api, operation("list-"+plural, http.MethodGet, path, tag, "List the "+plural+" as they are set, by name, without secrets", access.ReadTelephony), s.list)
	add := operation("add-"+kind, http.MethodPost, path, tag, "Add a "+kind, access.WriteTelephony)
	add.DefaultStatus = http.StatusCreated
	huma.Register(api, add, s.add)
	huma.Register(api, operation("get-"+kind, http.MethodGet, path+"/{name}", tag, "Show a "+kind, access.ReadTelephony), s.entry)
	huma.Register(api, operation("set-"+kind, http.MethodPut, path+"/{name}", tag, "Change a "+kind+"; it holds from the next call on", access.WriteTelephony), s.set)
	huma.Register(api, operation("remove-"+kind, http.MethodDelete, path+"/{name}", tag, "Remove a "+kind, access.WriteTelephony), s.remove)
	huma.Register(api, operation(kind+"-history", http.MethodGet, path+"/{name}/history", tag, "List a "+kind+"'s versions, the newest first", access.ReadTelephony), s.history)
	huma.Register(api, operation("import-"+plural, http.MethodPost, "/import/"+plural, tag, "Add and change "+plural+" from CSV: all rows, or none where one has a fault", access.WriteTelephony), s.imports)
	export := operation("export-"+plural, http.MethodGet, "/export/"+plural, tag, "Write all "+plural+" as CSV, without secrets", access.ReadTelephony)
	export.Responses = map[string]*huma.Response{"200": {Description: "CSV", Content: map[string]*huma.MediaType{"text/csv": {}}}}
	huma.Register(api, export, s.export)
}

// shelfFault is the error of the API for an error of a shelf.
func (c *Console) shelfFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoEntry):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, ErrTaken):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, ErrStale):
		return huma.Error412PreconditionFailed(ErrStale.Error())
	case errors.Is(err, ErrFaults):
		return huma.Error422UnprocessableEntity(faultText(err))
	case errors.Is(err, ErrFull):
		return huma.Error503ServiceUnavailable(err.Error())
	}
	return c.fault(err)
}

// faultText is what is wrong, one fault a line.
func faultText(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), ErrFaults.Error()), ": ")
}

var errNotHere = huma.Error503ServiceUnavailable("this server keeps no telephony settings")

// matched is the version that a change is made of; 0 is any.
func matched(header string) (int, error) {
	text := strings.Trim(strings.TrimPrefix(strings.TrimSpace(header), "W/"), `"`)
	switch {
	case text == "":
		return 0, huma.NewError(http.StatusPreconditionRequired, "If-Match: the ETag of what is changed, or *")
	case text == "*":
		return 0, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return 0, huma.Error412PreconditionFailed(ErrStale.Error())
	}
	return version, nil
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// nameOf is a name in a path, of which what is beyond letters comes escaped.
func nameOf(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

func (s shelfAPI[T]) list(ctx context.Context, in *entriesInput) (*page[Entry[T]], error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	all, err := s.kept.All(ctx)
	if err != nil {
		return nil, s.c.shelfFault(err)
	}
	from := 0
	if in.Before != "" {
		from = sort.Search(len(all), func(i int) bool { return all[i].Name > in.Before })
	}
	out, want := &page[Entry[T]]{}, strings.ToLower(in.Search)
	out.Body.Items = []Entry[T]{}
	for _, e := range all[from:] {
		if want != "" && !strings.Contains(strings.ToLower(s.name(e.Value)), want) {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = out.Body.Items[in.Limit-1].Name
			break
		}
		out.Body.Items = append(out.Body.Items, e)
	}
	return out, nil
}

func (s shelfAPI[T]) answer(e Entry[T], err error) (*entryOutput[T], error) {
	if err != nil {
		return nil, s.c.shelfFault(err)
	}
	return &entryOutput[T]{ETag: etag(e.Version), Body: e}, nil
}

func (s shelfAPI[T]) entry(ctx context.Context, in *entryName) (*entryOutput[T], error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	return s.answer(s.kept.Entry(ctx, nameOf(in.Name)))
}

func (s shelfAPI[T]) add(ctx context.Context, in *entryAdd[T]) (*entryOutput[T], error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	return s.answer(s.kept.Add(ctx, principal(ctx).Name, in.Body))
}

func (s shelfAPI[T]) set(ctx context.Context, in *entryChange[T]) (*entryOutput[T], error) {
	was, err := matched(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if s.kept == nil {
		return nil, errNotHere
	}
	return s.answer(s.kept.Set(ctx, principal(ctx).Name, nameOf(in.Name), in.Body, was))
}

func (s shelfAPI[T]) remove(ctx context.Context, in *entryRemoval) (*nothing, error) {
	was, err := matched(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if s.kept == nil {
		return nil, errNotHere
	}
	return nil, s.c.shelfFault(s.kept.Remove(ctx, principal(ctx).Name, nameOf(in.Name), was))
}

func (s shelfAPI[T]) history(ctx context.Context, in *entryName) (*page[Past[T]], error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	past, err := s.kept.Past(ctx, nameOf(in.Name))
	out := &page[Past[T]]{}
	out.Body.Items = append([]Past[T]{}, past...)
	return out, s.c.shelfFault(err)
}

func (s shelfAPI[T]) imports(ctx context.Context, in *importInput) (*importOutput, error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	rows, err := s.kept.Import(ctx, principal(ctx).Name, in.RawBody, Importing{Try: in.Try, Prune: in.Prune})
	if err != nil {
		return nil, s.c.shelfFault(err)
	}
	out := &importOutput{}
	out.Body.Rows = append([]ImportRow{}, rows...)
	for _, r := range rows {
		if r.Fault != "" {
			out.Body.Faults++
		}
	}
	out.Body.Applied = !in.Try && out.Body.Faults == 0
	return out, nil
}

func (s shelfAPI[T]) export(ctx context.Context, _ *struct{}) (*fileOutput, error) {
	if s.kept == nil {
		return nil, errNotHere
	}
	data, err := s.kept.Export(ctx)
	if err != nil {
		return nil, s.c.shelfFault(err)
	}
	return csvFile("export.csv", data), nil
}

// csvFile is a table that a browser keeps and never shows.
func csvFile(name string, data []byte) *fileOutput {
	return &fileOutput{Type: "text/csv; charset=utf-8", Disposition: `attachment; filename="` + name + `"`, Body: data}
}

func (c *Console) presets(context.Context, *struct{}) (*page[TrunkSettings], error) {
	out := &page[TrunkSettings]{}
	out.Body.Items = append([]TrunkSettings{}, c.cfg.Presets...)
	return out, nil
}

type outgoingInput struct{ Body OutgoingOrder }

type outgoingOutput struct{ Body OutgoingCall }

func (c *Console) placeCall(ctx context.Context, in *outgoingInput) (*outgoingOutput, error) {
	if c.cfg.Outgoing == nil {
		return nil, errNotHere
	}
	call, err := c.cfg.Outgoing.Place(ctx, principal(ctx).Name, in.Body)
	return &outgoingOutput{call}, c.shelfFault(err)
}

func (c *Console) placedCalls(context.Context, *struct{}) (*page[OutgoingCall], error) {
	out := &page[OutgoingCall]{}
	out.Body.Items = []OutgoingCall{}
	if c.cfg.Outgoing != nil {
		out.Body.Items = append(out.Body.Items, c.cfg.Outgoing.Placed()...)
	}
	return out, nil
}
