//go:build measure

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"attendant/dialog"
)

// order is a spoken order number with the place that the answer names.
var orders = []struct{ spoken, number string }{
	{"one two three four five", "12345"},
	{"five four three two one", "54321"},
	{"nine zero two one zero", "90210"},
	{"six six five zero nine", "66509"},
	{"three zero eight four one", "30841"},
	{"two seven one eight two", "27182"},
}

func percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(p*float64(len(d))))].Round(10 * time.Millisecond)
}

// TestMeasureReplies prints the delays of replies and of barge-in as a caller
// hears them: at the far end of the line.
func TestMeasureReplies(t *testing.T) {
	l := start(t)
	var replies, stops []time.Duration
	questions := []string{"what is your return policy", "when are you open", "how much is delivery", "how can i pay", "where is my order one two three four five"}
	for call := range 6 {
		var script strings.Builder
		fmt.Fprintln(&script, "say", questions[call%len(questions)])
		for i := range 8 {
			fmt.Fprintln(&script, "interrupt 1500", questions[(call+i+1)%len(questions)])
		}
		o, _ := l.call(t, script.String()+"say goodbye\n")
		stops = append(stops, o.Stops...)
		r := l.record(t, call+1)
		for _, turn := range r.Turns {
			if turn.Delays != nil {
				replies = append(replies, turn.Delays.Total)
			}
		}
	}
	fmt.Printf("replies: %d turns, p50 %v, p95 %v\n", len(replies), percentile(replies, .5), percentile(replies, .95))
	fmt.Printf("barge-in: %d, from the first audio to silence at the caller: p50 %v, p95 %v\n", len(stops), percentile(stops, .5), percentile(stops, .95))
}

// TestMeasureCalls prints how many calls find their order at the first try and
// in the end, for each line.
func TestMeasureCalls(t *testing.T) {
	l := start(t)
	calls := 0
	for _, codec := range []string{"G722", "PCMU"} {
		first, final := 0, 0
		for _, o := range orders[:4] {
			for _, name := range []string{"slt", "rms", "awb"} {
				script := "say where is my order " + o.spoken + "\n"
				if codec != "G722" {
					script += "say yes\n"
				}
				l.call(t, script+"say goodbye\n", "--codec", codec, "--name", name)
				calls++
				r := l.record(t, calls)
				if slices.ContainsFunc(r.Actions, func(a dialog.ActionRecord) bool { return a.Args["number"] == o.number }) {
					first++
				} else {
					l.call(t, "say where is my order\ndtmf "+o.number+"\nsay goodbye\n", "--codec", codec, "--name", name)
					calls++
					if r = l.record(t, calls); r.Slots["order"] == o.number {
						final++
					}
				}
			}
		}
		total := 3 * 4
		fmt.Printf("%s: order found at the first try in %d of %d calls, with keys in the end in %d\n", codec, first, total, first+final)
	}
}

// TestMeasureLoad prints replies, late ticks and cost with calls at once.
func TestMeasureLoad(t *testing.T) {
	for _, n := range []int{1, 8, 16, 24, 32} {
		l := start(t)
		before := cpu()
		began := time.Now()
		raw := ulaw(t, "where is my order one two three four five", "7")
		sipp(t, l.sip, `<nop><action><exec rtp_stream="`+raw+`,1,0,PCMU/8000"/></action></nop>`, 16*time.Second, "-m", fmt.Sprint(n), "-r", "20", "-l", fmt.Sprint(n))
		l.record(t, n)
		wall, used := time.Since(began), cpu()-before
		var replies []time.Duration
		var list []dialog.Record
		l.get(t, "/api/v1/calls?limit=100", &list)
		understood := 0
		for _, c := range list {
			var r dialog.Record
			l.get(t, "/api/v1/calls/"+c.ID, &r)
			if r.Flow == "order_status" {
				understood++
			}
			for _, turn := range r.Turns {
				if turn.Delays != nil {
					replies = append(replies, turn.Delays.Total)
				}
			}
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		fmt.Printf("%d calls at once: understood %d, replies p50 %v, p95 %v; CPU of the program %.1f %% of a core a call; heap %d MiB; %s\n", n, understood,
			percentile(replies, .5), percentile(replies, .95), 100*used.Seconds()/wall.Seconds()/float64(n), memory.HeapAlloc>>20, l.metric(t, "attendant_clock_ticks"))
	}
}

// metric returns the lines of /metrics that begin with name.
func (l *line) metric(t *testing.T, name string) string {
	t.Helper()
	var out bytes.Buffer
	res, err := httpGet("http://" + l.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(res) {
		if strings.HasPrefix(row, name) {
			out.WriteString(strings.TrimSpace(row) + " ")
		}
	}
	return out.String()
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestMeasureHumans prints what is recognised of people: the digits of
// asterisk-core-sounds, joined, at 8 kHz.
func TestMeasureHumans(t *testing.T) {
	const sounds = "/usr/share/asterisk/sounds/en_US_f_Allison/digits"
	if _, err := os.Stat(sounds); err != nil {
		t.Skip("asterisk-core-sounds-en-wav is not installed")
	}
	right, digits, digitsRight := 0, 0, 0
	for _, o := range orders {
		args := []string{}
		for _, d := range o.number {
			args = append(args, filepath.Join(sounds, string(d)+".wav"))
		}
		file := filepath.Join(t.TempDir(), "n.wav")
		joined(t, file, args)
		var out bytes.Buffer
		run(t.Context(), []string{"transcribe", file, "--expect", "digits", "--json"}, environ(t), nil, &out, os.Stderr)
		var got []string
		decoder := json.NewDecoder(&out)
		for {
			var r transcript
			if decoder.Decode(&r) != nil {
				break
			}
			got = append(got, strings.Fields(r.Text)...)
		}
		want := strings.Fields(o.spoken)
		for i, w := range want {
			digits++
			if i < len(got) && (got[i] == w || w == "zero" && got[i] == "oh") {
				digitsRight++
			}
		}
		if strings.ReplaceAll(strings.Join(got, " "), "oh", "zero") == o.spoken {
			right++
		}
		fmt.Printf("  human %s heard as %q\n", o.number, strings.Join(got, " "))
	}
	fmt.Printf("human digits at 8 kHz: %d of %d numbers right, %d of %d digits in place\n", right, len(orders), digitsRight, digits)
}

func httpGet(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// joined puts recordings one after the other, as someone says digits.
func joined(t *testing.T, out string, parts []string) {
	t.Helper()
	args := append(append([]string{}, parts...), out, "pad", "0.3", "0.3")
	if msg, err := exec.Command("sox", args...).CombinedOutput(); err != nil {
		t.Fatalf("sox: %v: %s", err, msg)
	}
}
