package queue

import (
	"math"
	"time"
)

const (
	// shortAbandon is a caller who hung up before the queue could be heard; they
	// count for no service level.
	shortAbandon = 5 * time.Second
	// history is how many answers an estimate looks back at, and historyAge for how
	// long: what was true this morning says little now.
	history    = 20
	historyAge = time.Hour
	// thin is how few answers say nothing about the wait.
	thin = 5
)

// metrics are counted as events happen. The formulas are those of contact
// centers: ASA is the mean wait of those answered; abandonment is abandoned by
// offered, a callback not being an abandonment; the service level is those
// answered within the goal by those answered and abandoned, short abandons left
// out. The clock starts when the caller enters the queue.
type metrics struct {
	offered, answered, inGoal   int
	abandoned, short            int
	callbacks, voicemails, away int // away: overflowed, returned, failed
	waited                      time.Duration
	handled                     int
	talk, wrap                  time.Duration
	answers                     []time.Time // the last ones
	waits                       []time.Duration
}

// Figures are a queue's contact-center metrics since the program's start.
type Figures struct {
	Offered      int           `json:"offered"`
	Answered     int           `json:"answered"`
	Abandoned    int           `json:"abandoned"`
	Short        int           `json:"short_abandons"`
	Callbacks    int           `json:"callbacks"`
	Voicemails   int           `json:"voicemails"`
	Overflowed   int           `json:"overflowed"`
	ASA          time.Duration `json:"asa"`
	Abandonment  float64       `json:"abandonment"`
	ServiceLevel float64       `json:"service_level"`
	AHT          time.Duration `json:"aht"` // talk, hold and wrap-up by contact handled
}

func (m *metrics) left(now time.Time, o Outcome, waited, goal time.Duration) {
	switch o {
	case Answered:
		m.answered++
		m.waited += waited
		if waited <= goal {
			m.inGoal++
		}
		m.answers, m.waits = append(m.answers, now), append(m.waits, waited)
		if over := len(m.answers) - history; over > 0 {
			m.answers, m.waits = m.answers[over:], m.waits[over:]
		}
	case Abandoned:
		m.abandoned++
		if waited < shortAbandon {
			m.short++
		}
	case CalledBack:
		m.callbacks++
	case Voicemail:
		m.voicemails++
	case Overflowed, Returned, Failed:
		m.away++
	}
}

func (m *metrics) figures() Figures {
	f := Figures{
		Offered: m.offered, Answered: m.answered, Abandoned: m.abandoned, Short: m.short,
		Callbacks: m.callbacks, Voicemails: m.voicemails, Overflowed: m.away,
	}
	if m.answered > 0 {
		f.ASA = m.waited / time.Duration(m.answered)
	}
	if m.offered > 0 {
		f.Abandonment = float64(m.abandoned) / float64(m.offered)
	}
	if n := m.answered + m.abandoned - m.short; n > 0 {
		f.ServiceLevel = float64(m.inGoal) / float64(n)
	}
	if m.handled > 0 {
		f.AHT = (m.talk + m.wrap) / time.Duration(m.handled)
	}
	return f
}

// estimate is the number of minutes that the wait is less than, from the pace at
// which callers were answered; 0 where too few were of late to tell. What is
// told is an upper bound, so it is a third more than the pace says.
func (m *metrics) estimate(now time.Time, position int) int {
	var recent []time.Time
	for _, t := range m.answers {
		if now.Sub(t) <= historyAge {
			recent = append(recent, t)
		}
	}
	if len(recent) < thin {
		return 0
	}
	pace := now.Sub(recent[0]) / time.Duration(len(recent))
	expected := pace * time.Duration(position) * 4 / 3
	return max(1, int(math.Ceil(expected.Minutes())))
}
