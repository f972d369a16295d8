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

// openDesk reads the company's queues.yaml, if it has one: agents and queues take
// the place of the single human of the settings.
func (s *server) openDesk(company *company) error {
	data, err := fs.ReadFile(company.files, "queues.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: queues.yaml: %w", errSettings, err)
	}
	cfg, err := queue.Load(data)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	if len(cfg.Queues) == 0 {
		return fmt.Errorf("%w: queues.yaml: there are no queues", errSettings)
	}
	for i := range cfg.Agents { // an agent's phone is registered under the agent's name, or is the console's page
		if a := &cfg.Agents[i]; len(a.Addresses) == 0 {
			a.Addresses = []string{a.Name, "browser"}
		}
	}
	board, err := queue.New(cfg, time.Now(), s.attendant.Tell)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	music, err := queueMusic(company.files, cfg.Queues)
	if err != nil {
		return err
	}
	s.attendant.Desk = &dialog.Desk{
		Board: board, Store: s.store, Default: cfg.Queues[0].Name, Music: music,
		CallBack: s.telephony.mayCallBack, Referrer: referrer{},
	}
	return nil
}

// queueMusic reads the music of queues that have their own.
func queueMusic(files fs.FS, queues []queue.Queue) (map[string][]media.Frame, error) {
	out := map[string][]media.Frame{}
	for _, q := range queues {
		if q.Music == "" {
			continue
		}
		frames, err := musicOf(files, q.Music)
		if err != nil {
			return nil, fmt.Errorf("%w: queue %s: music %s: %w", errSettings, q.Name, q.Music, err)
		}
		out[q.Name] = frames
	}
	return out, nil
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
