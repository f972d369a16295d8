package console

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"attendant/console/access"
)

// routes are all routes of the API but those that are open, with who may use them
// beside administrators.
var routes = []struct {
	method, path string
	roles        string
}{
	{"GET", "/api/v1/session", "supervisor agent designer analyst"},
	{"PUT", "/api/v1/session/password", "supervisor agent designer analyst"},
	{"GET", "/api/v1/live", "supervisor designer analyst"},
	{"GET", "/api/v1/calls", "supervisor designer analyst"},
	{"GET", "/api/v1/calls/{id}", "supervisor designer analyst"},
	{"GET", "/api/v1/calls/{id}/recording", "supervisor analyst"},
	{"GET", "/api/v1/calls/{id}/legs/{leg}/recording", "supervisor analyst"},
	{"DELETE", "/api/v1/calls/{id}", ""},
	{"POST", "/api/v1/calls/erase", ""},
	{"GET", "/api/v1/events", "supervisor designer analyst"},
	{"GET", "/api/v1/flows", "supervisor agent designer analyst"},
	{"GET", "/api/v1/flows/{name}", "supervisor agent designer analyst"},
	{"GET", "/api/v1/articles", "supervisor agent designer analyst"},
	{"GET", "/api/v1/articles/{name}", "supervisor agent designer analyst"},
	{"GET", "/api/v1/files/flows/{name}", "supervisor agent designer analyst"},
	{"PUT", "/api/v1/files/flows/{name}", "designer"},
	{"DELETE", "/api/v1/files/flows/{name}", "designer"},
	{"GET", "/api/v1/files/flows/{name}/history", "supervisor agent designer analyst"},
	{"POST", "/api/v1/check", "designer"},
	{"GET", "/api/v1/unanswered", "supervisor agent designer analyst"},
	{"POST", "/api/v1/talks", "designer"},
	{"POST", "/api/v1/talks/{id}", "designer"},
	{"DELETE", "/api/v1/talks/{id}", "designer"},
	{"POST", "/api/v1/rtc/tickets", "supervisor agent designer"},
	{"POST", "/api/v1/rtc/call", "supervisor agent designer"},
	{"GET", "/api/v1/vendors", "supervisor"},
	{"GET", "/api/v1/analytics", "supervisor designer analyst"},
	{"GET", "/api/v1/trunks", "supervisor"},
	{"GET", "/api/v1/trunks/{name}/calls", ""},
	{"GET", "/api/v1/presets/trunks", ""},
	{"POST", "/api/v1/outgoing", ""},
	{"GET", "/api/v1/outgoing", ""},
	{"GET", "/api/v1/provision/numbers", ""},
	{"POST", "/api/v1/provision/numbers", ""},
	{"GET", "/api/v1/provision/numbers/{name}", ""},
	{"PUT", "/api/v1/provision/numbers/{name}", ""},
	{"DELETE", "/api/v1/provision/numbers/{name}", ""},
	{"GET", "/api/v1/provision/numbers/{name}/history", ""},
	{"POST", "/api/v1/import/numbers", ""},
	{"GET", "/api/v1/export/numbers", ""},
	{"GET", "/api/v1/provision/trunks", ""},
	{"POST", "/api/v1/provision/trunks", ""},
	{"GET", "/api/v1/provision/trunks/{name}", ""},
	{"PUT", "/api/v1/provision/trunks/{name}", ""},
	{"DELETE", "/api/v1/provision/trunks/{name}", ""},
	{"GET", "/api/v1/provision/trunks/{name}/history", ""},
	{"POST", "/api/v1/import/trunks", ""},
	{"GET", "/api/v1/export/trunks", ""},
	{"GET", "/api/v1/users", ""},
	{"POST", "/api/v1/users", ""},
	{"PUT", "/api/v1/users/{name}", ""},
	{"DELETE", "/api/v1/users/{name}", ""},
	{"GET", "/api/v1/keys", ""},
	{"POST", "/api/v1/keys", ""},
	{"DELETE", "/api/v1/keys/{id}", ""},
	{"GET", "/api/v1/audit", ""},
}

func TestEachRouteForEachRole(t *testing.T) {
	s := newConsole(t)
	users := []string{""}
	for role := range access.Roles() {
		if role != access.Admin {
			if _, err := s.users.AddUser(t.Context(), access.User{Name: string(role), Roles: []access.Role{role}}, adminPassword); err != nil {
				t.Fatal(err)
			}
			users = append(users, string(role))
		}
	}
	for _, r := range routes {
		path := strings.NewReplacer("{id}", "nobody", "{leg}", "1", "{name}", "nobody", "/events", "/events?after=x").Replace(r.path)
		for _, user := range users {
			res, body := s.ask(t, user, r.method, path, "{}")
			want := http.StatusForbidden
			if user == "" {
				want = http.StatusUnauthorized
			}
			may := user != "" && strings.Contains(" "+r.roles+" ", " "+user+" ")
			if may == (res.StatusCode == want) || !may && res.StatusCode != want {
				t.Errorf("%s %s as %q: %d %s; may: %v", r.method, r.path, user, res.StatusCode, body, may)
			}
		}
	}
}

// The table above is whole: the description of the API has no route beside it.
func TestTableOfRoutesIsWhole(t *testing.T) {
	s := newConsole(t)
	_, body := s.ask(t, "admin", "GET", "/api/openapi.json", "")
	var described struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &described); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{
		"post /api/v1/session": true, "delete /api/v1/session": true,
		"patch /api/v1/rtc/call/{id}": true, "delete /api/v1/rtc/call/{id}": true, "get /api/v1/rtc/call/{id}/events": true,
	}
	for _, r := range routes {
		known[strings.ToLower(r.method)+" "+strings.Replace(r.path, "/files/flows/", "/files/{kind}/", 1)] = true
	}
	for path, methods := range described.Paths {
		for method := range methods {
			if !known[method+" "+path] {
				t.Errorf("%s %s is in no test of roles", method, path)
			}
			delete(known, method+" "+path)
		}
	}
	for route := range known {
		t.Errorf("%s is not described", route)
	}
}

func TestSession(t *testing.T) {
	s := newConsole(t)
	res, _ := s.ask(t, "", "POST", "/api/v1/session", `{"name":"admin","password":"`+adminPassword+`"}`)
	var cookie *http.Cookie
	for _, c := range res.Cookies() {
		cookie = c
	}
	if res.StatusCode != 200 || cookie == nil || cookie.Name != "__Host-attendant" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("signed in: %d, cookie %v", res.StatusCode, cookie)
	}
	with := []string{"Cookie", cookie.Name + "=" + cookie.Value}
	if res, body := s.ask(t, "", "GET", "/api/v1/users", "", with...); res.StatusCode != 200 {
		t.Errorf("with the session: %d %s", res.StatusCode, body)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/session", "", "Cookie", cookie.Name+"=guessed"); res.StatusCode != 401 {
		t.Errorf("with a guessed session: %d, want 401", res.StatusCode)
	}
	cross := append([]string{"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"}, with...)
	if res, _ := s.ask(t, "", "POST", "/api/v1/users", "{}", cross...); res.StatusCode != 403 {
		t.Errorf("a write from another site: %d, want 403", res.StatusCode)
	}
	if res, body := s.ask(t, "", "PUT", "/api/v1/session/password", `{"old":"`+adminPassword+`","new":"another long one"}`, with...); res.StatusCode != 204 {
		t.Fatalf("change of password: %d %s", res.StatusCode, body)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/users", "", with...); res.StatusCode != 401 {
		t.Errorf("the session after a change of password: %d, want 401", res.StatusCode)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	s := newConsole(t)
	res, _ := s.ask(t, "", "POST", "/api/v1/session", `{"name":"admin","password":"`+adminPassword+`"}`)
	cookie := res.Cookies()[0]
	with := []string{"Cookie", cookie.Name + "=" + cookie.Value}
	if res, _ := s.ask(t, "", "DELETE", "/api/v1/session", "", with...); res.StatusCode != 204 {
		t.Fatalf("sign out: %d", res.StatusCode)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/session", "", with...); res.StatusCode != 401 {
		t.Errorf("the session after signing out: %d, want 401", res.StatusCode)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	s := newConsole(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	statuses := map[int]int{}
	for range loginBurst + 4 {
		res, err := client.Post(s.url+"/api/v1/session", "application/json", strings.NewReader(`{"name":"admin","password":"wrong one"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		statuses[res.StatusCode]++
	}
	if statuses[401] < loginBurst || statuses[429] == 0 || statuses[401]+statuses[429] != loginBurst+4 {
		t.Errorf("answers to wrong passwords: %v; want at least %d times 401, then 429", statuses, loginBurst)
	}
	u, err := url.Parse(s.url)
	if err != nil || len(jar.Cookies(u)) > 0 {
		t.Errorf("a wrong password got a session, %v", err)
	}
}

func TestKeysHoldOnlyTheirScopes(t *testing.T) {
	s := newConsole(t)
	res, body := s.ask(t, "admin", "POST", "/api/v1/keys", `{"name":"wallboard","scopes":["calls.read"]}`)
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || res.StatusCode != 200 {
		t.Fatalf("add a key: %d %s", res.StatusCode, body)
	}
	bearer := []string{"Authorization", "Bearer " + made.Secret}
	if res, body := s.ask(t, "", "GET", "/api/v1/calls", "", bearer...); res.StatusCode != 200 {
		t.Errorf("with the key: %d %s", res.StatusCode, body)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/users", "", bearer...); res.StatusCode != 403 {
		t.Errorf("beyond its scope: %d, want 403", res.StatusCode)
	}
	if _, body := s.ask(t, "admin", "GET", "/api/v1/keys", ""); strings.Contains(body, made.Secret) {
		t.Error("the list of keys has a secret")
	}
	if res, _ := s.ask(t, "admin", "DELETE", "/api/v1/keys/"+made.ID, ""); res.StatusCode != 204 {
		t.Fatalf("remove the key: %d", res.StatusCode)
	}
	if res, _ := s.ask(t, "", "GET", "/api/v1/calls", "", bearer...); res.StatusCode != 401 {
		t.Errorf("with a removed key: %d, want 401", res.StatusCode)
	}
}

func TestRepeatedWriteGetsTheFirstAnswer(t *testing.T) {
	s := newConsole(t)
	user := `{"name":"ana","roles":["agent"],"password":"long enough"}`
	first, body := s.ask(t, "admin", "POST", "/api/v1/users", user, "Idempotency-Key", "k1")
	again, bodyAgain := s.ask(t, "admin", "POST", "/api/v1/users", user, "Idempotency-Key", "k1")
	if first.StatusCode != 200 || again.StatusCode != 200 || body != bodyAgain || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %d %s, again %d %s", first.StatusCode, body, again.StatusCode, bodyAgain)
	}
	if res, _ := s.ask(t, "admin", "POST", "/api/v1/users", `{"name":"ben","roles":["agent"]}`, "Idempotency-Key", "k1"); res.StatusCode != 422 {
		t.Errorf("the key for another request: %d, want 422", res.StatusCode)
	}
	if res, _ := s.ask(t, "admin", "POST", "/api/v1/users", user); res.StatusCode != 409 {
		t.Errorf("without the key: %d, want 409", res.StatusCode)
	}
	key := `{"name":"n","scopes":["calls.read"]}`
	s.ask(t, "admin", "POST", "/api/v1/keys", key, "Idempotency-Key", "k2")
	if res, body := s.ask(t, "admin", "POST", "/api/v1/keys", key, "Idempotency-Key", "k2"); res.StatusCode != 409 || strings.Contains(body, "attendant_") {
		t.Errorf("a repeated request for a secret: %d %s, want 409", res.StatusCode, body)
	}
}

func TestAuditTellsWritesAndListening(t *testing.T) {
	s := newConsole(t)
	s.ask(t, "admin", "POST", "/api/v1/users", `{"name":"ana","roles":["analyst"],"password":"`+adminPassword+`"}`)
	s.ask(t, "ana", "GET", "/api/v1/calls/a/recording", "")
	s.ask(t, "ana", "DELETE", "/api/v1/users/admin", "")
	s.ask(t, "ana", "GET", "/api/v1/calls", "")
	_, body := s.ask(t, "admin", "GET", "/api/v1/audit", "")
	var list struct{ Items []access.Entry }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list.Items {
		got = append(got, strings.Join([]string{e.Who, e.Action, e.Object, e.Outcome}, " "))
	}
	want := "ana remove-user admin 403; ana recording a streamed; admin add-user  200"
	if strings.Join(got, "; ") != want || strings.Contains(body, adminPassword) {
		t.Errorf("audit: %q, want %q", got, want)
	}
}
