package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are when a queue is open, in its own time zone.
type Hours struct {
	Zone     string     `json:"zone" yaml:"zone"`                             // "Europe/Berlin"; UTC where empty
	Days     []OpenDays `json:"days" yaml:"days"`                             // when it is open
	Holidays []string   `json:"holidays,omitempty" yaml:"holidays,omitempty"` // closed all day: 2026-12-25, or 12-25 in every year

	zone *time.Location
}

// OpenDays are some days of the week with the same hours.
type OpenDays struct {
	On    []string `json:"on" yaml:"on"`       // mon, tue, wed, thu, fri, sat, sun
	Hours []string `json:"hours" yaml:"hours"` // 09:00-18:00; 22:00-24:00 and, the next day, 00:00-06:00 across midnight
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (h *Hours) check() error {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return fmt.Errorf("time zone %q: %w", h.Zone, err)
	}
	h.zone = zone
	for _, d := range h.Days {
		for _, on := range d.On {
			if !slices.Contains(weekdays, on) {
				return fmt.Errorf("%q is no day of the week", on)
			}
		}
		for _, s := range d.Hours {
			if _, _, err := span(s); err != nil {
				return err
			}
		}
	}
	for _, day := range h.Holidays {
		_, full := time.Parse(time.DateOnly, day)
		_, yearly := time.Parse("2006-01-02", "2024-"+day)
		if full != nil && yearly != nil {
			return fmt.Errorf("holiday %q is no date", day)
		}
	}
	return nil
}

// Open reports whether at is within the hours. Hours that are nil are always
// open.
func (h *Hours) Open(at time.Time) bool {
	if h == nil {
		return true
	}
	if h.zone != nil {
		at = at.In(h.zone)
	}
	if slices.Contains(h.Holidays, at.Format(time.DateOnly)) || slices.Contains(h.Holidays, at.Format("01-02")) {
		return false
	}
	minute := at.Hour()*60 + at.Minute()
	for _, d := range h.Days {
		if !slices.Contains(d.On, weekdays[at.Weekday()]) {
			continue
		}
		for _, s := range d.Hours {
			if from, to, err := span(s); err == nil && minute >= from && minute < to {
				return true
			}
		}
	}
	return false
}

// span is "09:00-18:00" in minutes of the day.
func span(s string) (from, to int, err error) {
	begin, end, _ := strings.Cut(s, "-")
	from, err = clock(begin)
	if err == nil {
		to, err = clock(end)
	}
	if err != nil || to <= from {
		return 0, 0, fmt.Errorf("%q are no hours such as 09:00-18:00", s)
	}
	return from, to, nil
}

func clock(s string) (int, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err
}
