package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"attendant/console/access"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
)

// flowHead is a flow in a list.
type flowHead struct {
	Name     string              `json:"name"`
	Title    map[string][]string `json:"title,omitempty" doc:"by language"`
	Steps    int                 `json:"steps"`
	Examples int                 `json:"examples"`
}

type flowOutput struct {
	Body struct {
		Name string `json:"name"`
		Text string `json:"text" doc:"the flow as its YAML file"`
	}
}

// ArticleHead is an article in a list.
type ArticleHead struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Owner    string `json:"owner,omitempty"`
	Language string `json:"language,omitempty"`
	Version  string `json:"version"`
	ReviewBy string `json:"review_by"`
	Stale    bool   `json:"stale" doc:"its date of review is past"`
}

type articleOutput struct {
	Body struct {
		ArticleHead
		Answer   string   `json:"answer"`
		Link     string   `json:"link,omitempty"`
		Examples []string `json:"examples"`
		Text     string   `json:"text"`
	}
}

func (c *Console) contentRoutes(api huma.API) {
	huma.Register(api, operation("flows", http.MethodGet, "/flows", "content", "List the flows", access.ReadContent), c.flows)
	huma.Register(api, operation("flow", http.MethodGet, "/flows/{name}", "content", "Show a flow", access.ReadContent), c.flow)
	huma.Register(api, operation("articles", http.MethodGet, "/articles", "content", "List the articles", access.ReadContent), c.articles)
	huma.Register(api, operation("article", http.MethodGet, "/articles/{name}", "content", "Show an article", access.ReadContent), c.article)
}

func (c *Console) flows(context.Context, *struct{}) (*page[flowHead], error) {
	out := &page[flowHead]{}
	out.Body.Items = []flowHead{}
	for _, f := range c.flowSet().Flows() {
		out.Body.Items = append(out.Body.Items, flowHead{f.Name, f.Title, len(f.Steps), len(f.Examples)})
	}
	slices.SortFunc(out.Body.Items, func(a, b flowHead) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (c *Console) flow(_ context.Context, in *named) (*flowOutput, error) {
	var f *flow.Flow
	if f = c.flowSet().Flow(in.Name); f == nil {
		return nil, huma.Error404NotFound("no such flow")
	}
	text, err := f.Print()
	if err != nil {
		return nil, c.fault(err)
	}
	out := &flowOutput{}
	out.Body.Name, out.Body.Text = f.Name, string(text)
	return out, nil
}

func (c *Console) articles(context.Context, *struct{}) (*page[ArticleHead], error) {
	out := &page[ArticleHead]{}
	out.Body.Items = []ArticleHead{}
	for _, a := range c.base().Articles() {
		out.Body.Items = append(out.Body.Items, headOf(a))
	}
	return out, nil
}

func headOf(a knowledge.Article) ArticleHead {
	return ArticleHead{
		ID: a.ID, Title: a.Title, Owner: a.Owner, Language: a.Language, Version: a.Version,
		ReviewBy: a.ReviewBy, Stale: a.ReviewBy < time.Now().Format(time.DateOnly),
	}
}

func (c *Console) article(_ context.Context, in *named) (*articleOutput, error) {
	for _, a := range c.base().Articles() {
		if a.ID == in.Name {
			out := &articleOutput{}
			out.Body.ArticleHead = headOf(a)
			out.Body.Answer, out.Body.Link, out.Body.Examples, out.Body.Text = a.Answer, a.Link, a.Examples, a.Text
			return out, nil
		}
	}
	return nil, huma.Error404NotFound("no such article")
}
