package reply_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"attendant/dialog/model"
	"attendant/dialog/model/modeltest"
	"attendant/dialog/understand"
)

func TestJudge(t *testing.T) {
	history := []understand.Line{{Side: "attendant", Text: "It comes on Friday."}, {Side: "caller", Text: "well that is just lovely"}}
	for _, test := range []struct {
		name  string
		reply modeltest.Reply
		score float64
		cause string
		err   error
		fails bool
	}{
		{"a judgement", modeltest.Reply{Text: `{"score": -0.7, "cause": "sarcasm"}`}, -0.7, "sarcasm", nil, false},
		{"in pieces", modeltest.Reply{Text: `{"score": 0.5, "cause": "thanks for help"}`, Pieces: 12, Every: 10 * time.Millisecond}, 0.5, "thanks for help", nil, false},
		{"out of range", modeltest.Reply{Text: `{"score": 7, "cause": "x"}`}, 0, "", model.ErrUseless, true},
		{"prose", modeltest.Reply{Text: "The caller is angry."}, 0, "", model.ErrUseless, true},
		{"another schema", modeltest.Reply{Text: `{"mood": "angry"}`}, 0, "", model.ErrUseless, true},
		{"hanging", modeltest.Reply{Hang: true}, 0, "", nil, true},
		{"500", modeltest.Reply{Status: 500}, 0, "", nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _ := writer(t, test.reply)
				began := time.Now()
				score, cause, err := w.Judge(t.Context(), history)
				if score != test.score || cause != test.cause || (err != nil) != test.fails || test.err != nil && !errors.Is(err, test.err) {
					t.Errorf("%v, %q, %v; want %v, %q, %v", score, cause, err, test.score, test.cause, test.err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
