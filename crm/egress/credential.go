package egress

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// Credential says which variables of the environment hold what is sent to a
// system to be let in. At most one of the first three is set.
type Credential struct {
	BearerEnv string `yaml:"bearer_env"` // a token
	BasicEnv  string `yaml:"basic_env"`  // user:password
	HeaderEnv string `yaml:"header_env"` // the value of Header
	Header    string `yaml:"header"`     // such as X-API-Key
}

// Headers reads the variables by getenv.
func (c Credential) Headers(getenv func(string) string) (http.Header, error) {
	set, name := 0, ""
	for _, n := range []string{c.BearerEnv, c.BasicEnv, c.HeaderEnv} {
		if n != "" {
			set, name = set+1, n
		}
	}
	value := strings.TrimSpace(getenv(name))
	switch {
	case set == 0 && c.Header == "":
		return nil, nil
	case set != 1 || (c.HeaderEnv == "") != (c.Header == ""):
		return nil, fmt.Errorf("want one of bearer_env, basic_env, or header with header_env")
	case value == "":
		return nil, fmt.Errorf("%q is not set in the environment", name)
	case strings.ContainsAny(value, "\r\n"):
		return nil, fmt.Errorf("the value of %q has more than one line", name)
	case c.BearerEnv != "":
		return http.Header{"Authorization": {"Bearer " + value}}, nil
	case c.BasicEnv != "":
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(value))}}, nil
	}
	return http.Header{http.CanonicalHeaderKey(c.Header): {value}}, nil
}
