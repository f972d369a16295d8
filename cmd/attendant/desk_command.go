package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"attendant/dialog/queue"
)

// remote are the flags of commands that speak with a running server's API.
type remote struct {
	Server   string `help:"The server's address for HTTP; that of the settings where empty." placeholder:"HOST:PORT"`
	User     string `help:"Who asks." default:"admin"`
	Password string `help:"Their password; that of the settings where empty." placeholder:"PASSWORD"`
}

// ask sends a request to the API and reads the answer into to, where that is not
// nil.
func (f remote) ask(p *program, method, path string, body, to any) error {
	c, err := loadConfig(p.settings, p.environ)
	if err != nil {
		return err
	}
	if f.Server == "" {
		f.Server = c.ListenHTTP
	}
	if f.Password == "" {
		f.Password = c.Password
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute) // a supervisor's phone rings meanwhile
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+f.Server+"/api/v1"+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: server: %w", errSettings, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(f.User, f.Password)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		var why struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(answer, &why) // else the status says it
		return fmt.Errorf("%s %s", res.Status, why.Detail)
	}
	if to == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, to)
}

type agentsStatus struct {
	remote
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists agents with what they do.
func (f agentsStatus) Run(p *program) error {
	var list struct{ Items []queue.AgentStatus }
	if err := f.ask(p, http.MethodGet, "/agents", nil, &list); err != nil {
		return err
	}
	if f.JSON {
		return json.NewEncoder(p.out).Encode(list.Items)
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tEXTENSION\tROLE\tSTATE\tFOR\tCALL")
	for _, a := range list.Items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.Extension, a.Role, a.State, time.Since(a.Since).Round(time.Second), a.Call)
	}
	return w.Flush()
}

type agentsState struct {
	remote
	Name  string `arg:"" help:"The agent."`
	State string `arg:"" enum:"available,away,offline" help:"available, away or offline."`
}

// Run changes an agent's state.
func (f agentsState) Run(p *program) error {
	return f.ask(p, http.MethodPut, "/agents/"+url.PathEscape(f.Name)+"/state", map[string]string{"state": f.State}, nil)
}

type queuesStatus struct {
	remote
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists queues with who waits.
func (f queuesStatus) Run(p *program) error {
	var list struct{ Items []queue.QueueStatus }
	if err := f.ask(p, http.MethodGet, "/queues", nil, &list); err != nil {
		return err
	}
	if f.JSON {
		return json.NewEncoder(p.out).Encode(list.Items)
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tOPEN\tWAITING\tOLDEST\tFREE\tOFFERED\tANSWERED\tABANDONED\tASA\tSERVICE LEVEL")
	for _, q := range list.Items {
		fmt.Fprintf(w, "%s\t%v\t%d\t%s\t%d\t%d\t%d\t%d\t%s\t%.0f %%\n", q.Name, q.Open, len(q.Waiting), q.Oldest.Round(time.Second), q.Free,
			q.Figures.Offered, q.Figures.Answered, q.Figures.Abandoned, q.Figures.ASA.Round(time.Second), 100*q.Figures.ServiceLevel)
	}
	return w.Flush()
}

type orderCommand struct {
	remote
	Call   string   `arg:"" help:"The call's ID; - is the only call that goes on."`
	Verb   string   `arg:"" help:"Of agents: hold, resume, mute, unmute, consult, return, complete, conference, pass, back, stop-recording, start-recording, wrap-up. Of supervisors: listen, whisper, barge, leave, take-over, hand-back, suggest, say, end."`
	Text   []string `arg:"" optional:"" help:"What suggest, say and wrap-up take."`
	By     string   `help:"On whose behalf: the agent or supervisor." placeholder:"NAME"`
	Target string   `help:"The colleague, queue, flow or code." placeholder:"NAME"`
}

// Run gives the order.
func (f orderCommand) Run(p *program) error {
	call := f.Call
	if call == "-" {
		var live struct{ Items []struct{ ID string } }
		if err := f.ask(p, http.MethodGet, "/live", nil, &live); err != nil {
			return err
		}
		if len(live.Items) != 1 {
			return errors.New("not exactly one call is going on: name it")
		}
		call = live.Items[0].ID
	}
	return f.ask(p, http.MethodPost, "/calls/"+url.PathEscape(call)+"/order", map[string]string{
		"verb": f.Verb, "by": f.By, "target": f.Target, "text": strings.Join(f.Text, " "),
	}, nil)
}
