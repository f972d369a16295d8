package openaitest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Way is how an endpoint answers. The zero Way is well and at once.
type Way struct {
	name  string
	delay time.Duration
	code  int
}

// The ways of answering. Midway and CutMidway concern the second half of an
// answer.
var (
	Well      = Way{}
	Hang      = Way{name: "hang"}      // nothing until the caller is gone
	Midway    = Way{name: "midway"}    // half an answer, then nothing
	Cut       = Way{name: "cut"}       // the connection ends without an answer
	CutMidway = Way{name: "cutmidway"} // the connection ends after half an answer
	Garbage   = Way{name: "garbage"}   // a page of HTML with status 200
	Schema    = Way{name: "schema"}    // JSON of another shape with status 200
)

// Slow answers well after a delay.
func Slow(d time.Duration) Way { return Way{name: "slow", delay: d} }

// Drip answers well at once, with a delay before each later piece: 100 ms of
// speech, a word of a stream.
func Drip(d time.Duration) Way { return Way{name: "drip", delay: d} }

// Status answers with an error of that HTTP status.
func Status(code int) Way { return Way{name: "status", code: code} }

// ParseWay reads a way: well, hang, midway, cut, cutmidway, garbage, schema,
// slow:300ms, drip:50ms, or a status such as 429.
func ParseWay(text string) (Way, error) {
	name, rest, timed := strings.Cut(text, ":")
	switch name {
	case "", "well":
		return Well, nil
	case "slow", "drip":
		d, err := time.ParseDuration(rest)
		if err != nil {
			return Way{}, fmt.Errorf("way %q: %w", text, err)
		}
		return Way{name: name, delay: d}, nil
	}
	for _, w := range []Way{Hang, Midway, Cut, CutMidway, Garbage, Schema} {
		if w.name == name && !timed {
			return w, nil
		}
	}
	if code, err := strconv.Atoi(name); err == nil && code >= 400 && code < 600 && !timed {
		return Status(code), nil
	}
	return Way{}, fmt.Errorf("way %q is none of well, hang, midway, cut, cutmidway, garbage, schema, slow:TIME, drip:TIME, 4xx, 5xx", text)
}

// send answers with the pieces in this way. It returns when all is sent, or, where
// the way is to hang, when the caller is gone.
func (way Way) send(w http.ResponseWriter, r *http.Request, contentType string, pieces [][]byte) {
	switch way.name {
	case "hang":
		<-r.Context().Done()
		return
	case "cut":
		panic(http.ErrAbortHandler)
	case "status":
		fail(w, r, way.code)
		return
	case "garbage":
		contentType, pieces = "text/html", [][]byte{[]byte("<html><body>It works!</body></html>")}
	case "schema":
		contentType, pieces = "application/json", [][]byte{[]byte(`{"unexpected":["shape"]}`)}
	case "slow":
		sleep(r, way.delay)
	}
	w.Header().Set("Content-Type", contentType)
	half := way.name == "midway" || way.name == "cutmidway"
	if half && len(pieces) == 1 {
		pieces = [][]byte{pieces[0][:len(pieces[0])/2], pieces[0][len(pieces[0])/2:]}
	}
	for i, piece := range pieces {
		if half && i == len(pieces)/2 {
			way.breakOff(r)
			return
		}
		if way.name == "drip" && i > 0 {
			sleep(r, way.delay)
		}
		if _, err := w.Write(piece); err != nil {
			return
		}
		// A writer that cannot flush sends all at the end.
		_ = http.NewResponseController(w).Flush()
	}
}

func (way Way) breakOff(r *http.Request) {
	if way.name == "cutmidway" {
		panic(http.ErrAbortHandler)
	}
	<-r.Context().Done()
}
