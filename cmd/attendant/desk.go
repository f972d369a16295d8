package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"attendant/dialog"
	"attendant/dialog/queue"
	"attendant/media"
	"attendant/media/mp3"
	"attendant/media/wav"
	"attendant/sip"
)

// openDesk makes the desk of agents and queues. While no queue is set the single
// human of the settings is dialled.
func (s *server) openDesk(ctx context.Context, company *company) error {
	s.people = newPeople(s.telephony.store, company.files, s.log)
	if err := s.people.begin(ctx); err != nil {
		return err
	}
	board, err := queue.New(queue.Config{}, time.Now(), s.attendant.Tell)
	if err != nil {
		return err
	}
	s.people.board = board
	s.telephony.named = s.named
	if err := s.people.apply(ctx); err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	s.attendant.Desk = &dialog.Desk{
		Board: board, Store: s.store, Music: s.people.musicFor, CallBack: s.telephony.mayCallBack, Referrer: referrer{},
	}
	return nil
}

// named are the sip: URIs that people have set to be called, for those who move
// calls.
func (s *server) named() []string {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpPatience)
	defer cancel()
	all := []string{s.cfg.Human}
	agents, err := s.people.agents.All(ctx)
	if err != nil {
		s.log.Error("agents not read", "error", err)
	}
	for _, a := range agents {
		all = append(all, a.Addresses...)
	}
	return all
}

func musicOf(files fs.FS, name string) ([]media.Frame, error) {
	file, err := files.Open(path.Clean(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if strings.HasSuffix(strings.ToLower(name), ".mp3") {
		return mp3.Read(file)
	}
	a, err := wav.Read(file)
	if err != nil {
		return nil, err
	}
	return wav.Frames(a.Mono(), a.RateHz), nil
}

// mayCallBack is the address of a caller's own number, which goes out over a
// trunk under the trunk's rules; nobody is promised a call where there is none.
func (t *telephony) mayCallBack(number string) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	trunks, err := t.trunks.All(ctx)
	return number, err == nil && len(trunks) > 0 && strings.Trim(number, "+0123456789") == "" && len(number) > 5
}

// referrer transfers by SIP.
type referrer struct{}

// Refer implements dialog.Referrer.
func (referrer) Refer(ctx context.Context, leg media.Leg, target string) error {
	l, ok := leg.(*sip.Leg)
	if !ok || !strings.HasPrefix(target, "sip:") && !strings.HasPrefix(target, "sips:") {
		return fmt.Errorf("%w: only a SIP phone can be referred to a SIP URI", errors.ErrUnsupported)
	}
	return l.Refer(ctx, target, nil, nil)
}

// ReferReplaces implements dialog.Referrer.
func (referrer) ReferReplaces(ctx context.Context, leg, other media.Leg) error {
	l, ok := leg.(*sip.Leg)
	o, also := other.(*sip.Leg)
	if !ok || !also {
		return fmt.Errorf("%w: only SIP phones can be referred to one another", errors.ErrUnsupported)
	}
	return l.Refer(ctx, "", o, nil)
}
