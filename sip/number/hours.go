package number

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrHours is opening hours that cannot be read.
var ErrHours = errors.New("opening hours")

// Hours are the times at which a number is answered. The zero value is always.
type Hours struct {
	Zone     string   `json:"zone,omitempty" yaml:"zone,omitempty"`         // IANA name, "Europe/Berlin"; UTC where empty
	Weekly   string   `json:"weekly,omitempty" yaml:"weekly,omitempty"`     // "mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00"; always where empty
	Holidays []string `json:"holidays,omitempty" yaml:"holidays,omitempty"` // "2026-12-25", "12-25" of every year, "2026-12-24..2027-01-01"
}

// maxHolidays bounds what is looked through at each call.
const maxHolidays = 400

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// span is a time of a weekday, in minutes since its midnight; end may lie
// beyond 24 h.
type span struct{ day, start, end int }

// Open reports whether the number is answered at the given moment. A holiday is
// closed from midnight to midnight, also to a span that began the day before.
// Clocks that are put forward or back change nothing in what a wall clock shows.
// ErrHours.
func (h Hours) Open(at time.Time) (bool, error) {
	zone, spans, err := h.parse()
	if err != nil {
		return false, err
	}
	at = at.In(zone)
	closed, err := h.holiday(at)
	switch {
	case err != nil:
		return false, err
	case closed:
		return false, nil
	case h.Weekly == "":
		return true, nil
	}
	day, minute := int(at.Weekday()), at.Hour()*60+at.Minute()
	return slices.ContainsFunc(spans, func(s span) bool {
		return s.day == day && minute >= s.start && minute < s.end ||
			(s.day+1)%7 == day && minute+24*60 >= s.start && minute+24*60 < s.end
	}), nil
}

// Check returns what is wrong with the hours: ErrHours.
func (h Hours) Check() error {
	_, err := h.Open(time.Now())
	return err
}

func (h Hours) parse() (*time.Location, []span, error) {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil || h.Zone == "Local" {
		return nil, nil, fmt.Errorf("%w: %q is no time zone", ErrHours, h.Zone)
	}
	var spans []span
	for part := range strings.SplitSeq(h.Weekly, ";") {
		if part = strings.ToLower(strings.TrimSpace(part)); part == "" {
			continue
		}
		s, err := weekly(part)
		if err != nil {
			return nil, nil, err
		}
		spans = append(spans, s...)
	}
	if h.Weekly != "" && len(spans) == 0 {
		return nil, nil, fmt.Errorf("%w: %q has no time", ErrHours, h.Weekly)
	}
	return zone, spans, nil
}

// weekly reads "mon-fri 09:00-12:00 13:00-17:00".
func weekly(part string) ([]span, error) {
	words := strings.Fields(part)
	days, err := daysOf(words[0])
	if err != nil {
		return nil, err
	}
	if len(words) < 2 {
		return nil, fmt.Errorf("%w: %q has days and no time", ErrHours, part)
	}
	var out []span
	for _, w := range words[1:] {
		from, to, ok := strings.Cut(w, "-")
		start, err1 := minutesOf(from)
		end, err2 := minutesOf(to)
		if !ok || err1 != nil || err2 != nil || start == 24*60 {
			return nil, fmt.Errorf("%w: %q is not like 09:00-17:00", ErrHours, w)
		}
		if end <= start {
			end += 24 * 60
		}
		for _, d := range days {
			out = append(out, span{d, start, end})
		}
	}
	return out, nil
}

// daysOf reads "mon", "mon-fri", "mon,wed,fri" and "daily".
func daysOf(text string) ([]int, error) {
	if text == "daily" {
		return []int{0, 1, 2, 3, 4, 5, 6}, nil
	}
	var out []int
	for item := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || to < 0 {
			return nil, fmt.Errorf("%w: %q is not like mon-fri", ErrHours, item)
		}
		for d := from; ; d = (d + 1) % 7 {
			if out = append(out, d); d == to {
				break
			}
		}
	}
	return out, nil
}

func minutesOf(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// holiday reports whether the day of at is one.
func (h Hours) holiday(at time.Time) (bool, error) {
	if len(h.Holidays) > maxHolidays {
		return false, fmt.Errorf("%w: more than %d holidays", ErrHours, maxHolidays)
	}
	date, found := at.Format(time.DateOnly), false
	for _, text := range h.Holidays {
		first, last, isRange := strings.Cut(text, "..")
		if !isRange {
			last = first
		}
		today := date
		if len(first) == len("01-02") && len(last) == len(first) {
			today = date[len("2006-"):]
			first, last, today = "2000-"+first, "2000-"+last, "2000-"+today
		}
		for _, d := range []string{first, last} {
			if _, err := time.Parse(time.DateOnly, d); err != nil {
				return false, fmt.Errorf("%w: holiday %q is not like 2026-12-25, 12-25 or 2026-12-24..2027-01-01", ErrHours, text)
			}
		}
		if first > last {
			found = found || today >= first || today <= last // over the turn of the year
			continue
		}
		found = found || today >= first && today <= last
	}
	return found, nil
}
