package sip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"attendant/media"
)

// enterAll enters requests in the order given, each once the one before waits
// or is done, and returns the order in which they were handled.
func enterAll(o *order, seqs ...uint32) []uint32 {
	var handled []uint32 // by one at a time
	var entering sync.WaitGroup
	for _, seq := range seqs {
		entering.Go(func() {
			leave, err := o.enter(seq, false)
			if err != nil {
				return
			}
			handled = append(handled, seq)
			leave()
		})
		synctest.Wait()
	}
	entering.Wait()
	return handled
}

func TestRequestsAreHandledByRisingCSeq(t *testing.T) {
	for _, c := range []struct {
		name       string
		last       uint32
		seqs, want []uint32
		took       time.Duration
	}{
		{"in order", 1, []uint32{2, 3, 4}, []uint32{2, 3, 4}, 0},
		{"reversed", 1, []uint32{4, 3, 2}, []uint32{2, 3, 4}, 0},
		{"a gap", 1, []uint32{5, 3}, []uint32{3, 5}, orderPatience},
		{"old ones and repeated ones", 3, []uint32{2, 3, 5, 5, 4, 4}, []uint32{4, 5}, 0},
		{"first of a dialog that we began", 0, []uint32{7, 6, 8}, []uint32{7, 8}, 0},
		{"beyond 31 bits", 1, []uint32{1<<32 - 1, 2}, []uint32{2, 1<<32 - 1}, orderPatience},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &order{last: c.last}
				began := time.Now()
				if got := enterAll(o, c.seqs...); !slices.Equal(got, c.want) {
					t.Errorf("%v handled as %v, want %v", c.seqs, got, c.want)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				if o.highest() != c.want[len(c.want)-1] {
					t.Errorf("highest is %d", o.highest())
				}
			})
		})
	}
}

func TestOneRequestIsHandledAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &order{last: 1}
		leave, err := o.enter(2, false)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, leave)
		began := time.Now()
		if got := enterAll(o, 3); len(got) != 1 || time.Since(began) != time.Second {
			t.Errorf("handled %v after %v, want 3 after 1 s", got, time.Since(began))
		}
		leave() // again, which must not end anyone else's turn
	})
}

func TestRequestsWaitForTheAckBeforeThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &order{last: 1}
		acked := o.expectAck(1)
		time.AfterFunc(10*time.Millisecond, func() { o.acked(1) })
		began := time.Now()
		if got := enterAll(o, 2); len(got) != 1 || time.Since(began) != 10*time.Millisecond || !isClosed(acked) {
			t.Errorf("handled %v after %v", got, time.Since(began))
		}
		o.expectAck(2) // which is lost
		began = time.Now()
		if got := enterAll(o, 4, 3); !slices.Equal(got, []uint32{3, 4}) || time.Since(began) != orderPatience {
			t.Errorf("handled %v after %v, want 3 and 4 after %v", got, time.Since(began), orderPatience)
		}
	})
}

func TestFullQueueRefusesAllButBye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &order{last: 1}
		var waiting sync.WaitGroup
		defer waiting.Wait()
		for i := range uint32(orderLimit) {
			waiting.Go(func() {
				if leave, err := o.enter(100+i, false); err != nil {
					t.Errorf("%d: %v", 100+i, err)
				} else {
					leave()
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := o.enter(2, false); !errors.Is(err, errOrderFull) {
			t.Errorf("error %v, want errOrderFull", err)
		}
		leave, err := o.enter(200, true)
		if err != nil || time.Since(began) != 0 {
			t.Errorf("BYE: %v after %v, want none at once", err, time.Since(began))
		}
		leave()
	})
}

func TestBurstOfKeysKeepsItsOrder(t *testing.T) {
	t.Parallel()
	keys := make(chan byte, 16)
	s := serve(t, Config{}, func(_ context.Context, leg media.Leg) {
		for range 10 {
			keys <- (<-leg.Digits()).Key
		}
	})
	for range 10 {
		p := newPhone(t, s.Addr())
		tag := p.call()
		p.more = "Content-Type: application/dtmf-relay\r\n"
		for _, i := range rand.Perm(10) {
			p.send("INFO", fmt.Sprint("i", i), tag, i+2, fmt.Sprintf("Signal=%d\r\n", i))
		}
		for i := range 10 {
			if key := within(t, keys); key != byte('0'+i) {
				t.Fatalf("key %c, want %d", key, i)
			}
		}
	}
}

func TestOverflowIsCountedAndByeGetsThrough(t *testing.T) {
	t.Parallel()
	s := serve(t, Config{}, echo)
	p := newPhone(t, s.Addr())
	tag := p.call()
	for i := range 4 * orderLimit {
		p.send("INFO", fmt.Sprint("i", i), tag, 1000+2*i, "Signal=1\r\n")
	}
	p.expect("SIP/2.0 500")
	p.send("BYE", "b", tag, 5000, "")
	p.expect("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + p.conn.LocalAddr().String() + ";branch=z9hG4bKb;")
	if s.Stats().Overflow.Load() == 0 {
		t.Error("no request counted as refused")
	}
}
