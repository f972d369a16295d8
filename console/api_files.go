package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
)

// kinds are the kinds of files that designers edit: how their paths begin and end.
var kinds = map[string][2]string{"flows": {"flows/", ".yaml"}, "articles": {"articles/", ".md"}, "company": {"", ".yaml"}}

// FileName names a file of the company.
type FileName struct {
	Kind string `path:"kind" enum:"flows,articles,company"`
	Name string `path:"name" maxLength:"100" pattern:"^[A-Za-z0-9][A-Za-z0-9_-]*$" doc:"the file's name without its ending; company for company.yaml"`
}

func (i FileName) path() string { return kinds[i.Kind][0] + i.Name + kinds[i.Kind][1] }

type fileChange struct {
	FileName
	IfMatch     string `header:"If-Match" doc:"the ETag that the change was made of, or *"`
	IfNoneMatch string `header:"If-None-Match" enum:"*" doc:"the file is new"`
	Body        struct {
		Text string `json:"text" maxLength:"262144"`
	}
}

type fileRemoval struct {
	FileName
	IfMatch string `header:"If-Match" doc:"the ETag that is meant, or *"`
}

type fileAnswer struct {
	ETag string `header:"ETag"`
	Body File
}

// change is a file as a draft has it.
type change struct {
	Path   string `json:"path" maxLength:"120"`
	Text   string `json:"text,omitempty" maxLength:"262144"`
	Remove bool   `json:"remove,omitempty"`
}

func texts(list []change) map[string]*string {
	out := map[string]*string{}
	for i := range list {
		if out[list[i].Path] = &list[i].Text; list[i].Remove {
			out[list[i].Path] = nil
		}
	}
	return out
}

type checkInput struct {
	Body struct {
		Changes []change `json:"changes" maxItems:"50"`
	}
}

type checkOutput struct {
	Body struct {
		Faults []FileFault `json:"faults"`
	}
}

func (c *Console) fileRoutes(api huma.API) {
	const tag = "content"
	huma.Register(api, operation("get-file", http.MethodGet, "/files/{kind}/{name}", tag, "Show a file of the company: a flow, an article or company.yaml", access.ReadContent), c.file)
	huma.Register(api, operation("set-file", http.MethodPut, "/files/{kind}/{name}", tag, "Write a file; it holds from the next call on. What is wrong with it is told by line (422)", access.WriteContent), c.setFile)
	huma.Register(api, operation("remove-file", http.MethodDelete, "/files/{kind}/{name}", tag, "Remove a file; its versions stay", access.WriteContent), c.removeFile)
	huma.Register(api, operation("file-history", http.MethodGet, "/files/{kind}/{name}/history", tag, "List a file's versions, the newest first", access.ReadContent), c.fileHistory)
	huma.Register(api, operation("check-files", http.MethodPost, "/check", tag, "Tell what would be wrong after changes, by file and line", access.WriteContent), c.check)
	huma.Register(api, operation("unanswered", http.MethodGet, "/unanswered", tag, "List the questions that no article answered, the most asked first", access.ReadContent), c.unanswered)
	huma.Register(api, operation("begin-talk", http.MethodPost, "/talks", tag, "Talk in text with the attendant as it would be after changes; no system is reached, no record left", access.WriteContent), c.beginTalk)
	huma.Register(api, operation("talk", http.MethodPost, "/talks/{id}", tag, "Say the next line; # and keys is keyed", access.WriteContent), c.talk)
	huma.Register(api, operation("end-talk", http.MethodDelete, "/talks/{id}", tag, "End the talk", access.WriteContent), c.endTalk)
}

// flowSet and base are what calls use now.
func (c *Console) flowSet() *flow.Set {
	if c.cfg.Content != nil {
		return c.cfg.Content.Flows()
	}
	return c.cfg.Flows
}

func (c *Console) base() *knowledge.Base {
	if c.cfg.Content != nil {
		return c.cfg.Content.Articles()
	}
	return c.cfg.Articles
}

var errNoFiles = huma.Error503ServiceUnavailable("nothing can be edited on this server")

// fileFault is the error of the API for an error of a Content; faults of files
// stand in its list of errors.
func (c *Console) fileFault(err error) error {
	var faults *FileFaults
	if !errors.As(err, &faults) {
		return c.shelfFault(err)
	}
	out := &huma.ErrorModel{Status: http.StatusUnprocessableEntity, Title: http.StatusText(http.StatusUnprocessableEntity), Detail: "the company's files have faults"}
	for _, f := range faults.List {
		out.Errors = append(out.Errors, &huma.ErrorDetail{Message: f.Text, Location: f.Path, Value: f.Line})
	}
	return out
}

func (c *Console) file(ctx context.Context, in *FileName) (*fileAnswer, error) {
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	f, err := c.cfg.Content.File(ctx, in.path())
	if err != nil {
		return nil, c.fileFault(err)
	}
	return &fileAnswer{etag(f.Version), f}, nil
}

func (c *Console) setFile(ctx context.Context, in *fileChange) (*fileAnswer, error) {
	was := -1
	if in.IfNoneMatch == "" {
		var err error
		if was, err = matched(in.IfMatch); err != nil {
			return nil, err
		}
	}
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	f, err := c.cfg.Content.Save(ctx, principal(ctx).Name, in.path(), &in.Body.Text, was)
	if err != nil {
		return nil, c.fileFault(err)
	}
	return &fileAnswer{etag(f.Version), f}, nil
}

func (c *Console) removeFile(ctx context.Context, in *fileRemoval) (*nothing, error) {
	was, err := matched(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	if _, err := c.cfg.Content.Save(ctx, principal(ctx).Name, in.path(), nil, was); err != nil {
		return nil, c.fileFault(err)
	}
	return nil, nil
}

func (c *Console) fileHistory(ctx context.Context, in *FileName) (*page[File], error) {
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	past, err := c.cfg.Content.Past(ctx, in.path())
	if err != nil {
		return nil, c.fileFault(err)
	}
	out := &page[File]{}
	out.Body.Items = append([]File{}, past...)
	return out, nil
}

func (c *Console) check(ctx context.Context, in *checkInput) (*checkOutput, error) {
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	out := &checkOutput{}
	out.Body.Faults = []FileFault{}
	err := c.cfg.Content.Check(ctx, texts(in.Body.Changes))
	var faults *FileFaults
	if errors.As(err, &faults) {
		out.Body.Faults = append(out.Body.Faults, faults.List...)
		err = nil
	}
	if err != nil {
		return nil, c.fileFault(err)
	}
	return out, nil
}

// unansweredCalls bounds the calls whose questions are counted.
const unansweredCalls = 500

// question is one that no article answered.
type question struct {
	Text  string    `json:"text"`
	Times int       `json:"times"`
	Last  time.Time `json:"last"`
	Call  string    `json:"call" doc:"the last one in which it was asked"`
}

func (c *Console) unanswered(ctx context.Context, _ *struct{}) (*page[question], error) {
	out := &page[question]{}
	out.Body.Items = []question{}
	if c.cfg.Unanswered == nil {
		return out, nil
	}
	calls, err := c.cfg.Unanswered.Unanswered(ctx, unansweredCalls)
	if err != nil {
		return nil, c.fault(err)
	}
	at := map[string]int{}
	for _, r := range calls { // the newest first
		for _, text := range r.Unknown {
			key := strings.ToLower(strings.Trim(strings.TrimSpace(text), ".?!"))
			i, known := at[key]
			if !known {
				i = len(out.Body.Items)
				at[key] = i
				out.Body.Items = append(out.Body.Items, question{Text: text, Last: r.Started, Call: r.ID})
			}
			out.Body.Items[i].Times++
		}
	}
	slices.SortStableFunc(out.Body.Items, func(a, b question) int { return cmp.Compare(b.Times, a.Times) })
	return out, nil
}

const (
	// maxTalks bounds the talks that go on at once; the one that was silent longest
	// gives way.
	maxTalks = 20
	// talkLife is how long a talk may be silent.
	talkLife = 15 * time.Minute
)

// talks are the conversations that designers try.
type talks struct {
	mu    sync.Mutex
	going map[string]*going
}

type going struct {
	by   string
	used time.Time // guarded by talks

	mu     sync.Mutex // one line at a time
	talk   Talk
	closed bool
	said   []dialog.Exchange // not told yet
}

type talkInput struct {
	Body struct {
		Changes  []change `json:"changes,omitempty" maxItems:"50"`
		Language string   `json:"language,omitempty" maxLength:"35"`
	}
}

type lineInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Text string `json:"text" maxLength:"1000"`
	}
}

type talkOutput struct {
	Body struct {
		ID   string            `json:"id"`
		Said []dialog.Exchange `json:"said" doc:"what both sides said since the last answer, with all that was decided"`
		Over bool              `json:"over"`
	}
}

func (c *Console) beginTalk(ctx context.Context, in *talkInput) (*talkOutput, error) {
	if c.cfg.Content == nil {
		return nil, errNoFiles
	}
	g := &going{by: principal(ctx).Name, used: time.Now()}
	var err error
	g.talk, err = c.cfg.Content.Talk(ctx, texts(in.Body.Changes), dialog.Chat{Language: in.Body.Language}, func(e dialog.Exchange) { g.said = append(g.said, e) })
	if err != nil {
		return nil, c.fileFault(err)
	}
	id := access.Secret(16)
	for _, old := range c.talks.add(id, g) {
		c.closeTalk(ctx, old)
	}
	return g.told(id), nil
}

// add adds a talk and returns those that give way to it.
func (t *talks) add(id string, g *going) []*going {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.going == nil {
		t.going = map[string]*going{}
	}
	t.going[id] = g
	return t.overdue(maxTalks)
}

// overdue takes out those that were silent for too long, and the most silent
// beyond so many. The caller holds mu.
func (t *talks) overdue(most int) []*going {
	var out []*going
	for len(t.going) > 0 {
		oldest := ""
		for id, g := range t.going {
			if oldest == "" || g.used.Before(t.going[oldest].used) {
				oldest = id
			}
		}
		if g := t.going[oldest]; len(t.going) > most || time.Since(g.used) > talkLife {
			out = append(out, g)
			delete(t.going, oldest)
			continue
		}
		break
	}
	return out
}

func (c *Console) closeTalk(ctx context.Context, g *going) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if err := g.talk.Close(context.WithoutCancel(ctx)); err != nil {
		c.cfg.Log.Warn("a talk was not closed", "error", err)
	}
}

// told is what was said since the last answer.
func (g *going) told(id string) *talkOutput {
	out := &talkOutput{}
	out.Body.ID, out.Body.Said, out.Body.Over = id, append([]dialog.Exchange{}, g.said...), g.talk.Over()
	g.said = nil
	return out
}

// find returns somebody's talk, taken out of the list where it ends.
func (t *talks) find(id, by string, ends bool) (*going, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.going[id]
	if g == nil || g.by != by {
		return nil, huma.Error404NotFound("there is no such talk, or it was silent for too long")
	}
	if g.used = time.Now(); ends {
		delete(t.going, id)
	}
	return g, nil
}

func (c *Console) talk(ctx context.Context, in *lineInput) (*talkOutput, error) {
	g, err := c.talks.find(in.ID, principal(ctx).Name, false)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, huma.Error404NotFound("the talk has ended")
	}
	g.talk.Say(ctx, in.Body.Text)
	return g.told(in.ID), nil
}

func (c *Console) endTalk(ctx context.Context, in *legInput) (*nothing, error) {
	g, err := c.talks.find(in.ID, principal(ctx).Name, true)
	if err != nil {
		return nil, err
	}
	c.closeTalk(ctx, g)
	return nil, nil
}

// endTalks ends those that were silent for too long, or all.
func (c *Console) endTalks(ctx context.Context, all bool) {
	c.talks.mu.Lock()
	most := maxTalks
	if all {
		most = 0
	}
	over := c.talks.overdue(most)
	c.talks.mu.Unlock()
	for _, g := range over {
		c.closeTalk(ctx, g)
	}
}
