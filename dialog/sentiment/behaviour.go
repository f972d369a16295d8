package sentiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// What behaviour weighs, beside words of which a strong one weighs 3.
const (
	asksAgain      = -0.7 // for the same, the second time
	asksOnceMore   = -1.6 // and from the third time on
	interruptsOnce = -0.5 // the second interruption; the first may be haste
	interruptsMore = -0.9
	louder         = -0.9 // by louderDB
	muchLouder     = -1.6
	faster         = -0.5 // by fasterBy

	louderDB     = 6
	muchLouderDB = 10
	fasterBy     = 1.35
	// firstTurns are those that tell how a caller speaks when nothing has happened
	// yet; fewer than fewTurns of them tell nothing.
	firstTurns, fewTurns = 3, 2
	// shortest is how many words a turn must have for its rate to tell something.
	shortest = 4
	// mostRequests bounds what is remembered of a call.
	mostRequests = 64
)

// behaviour is what a caller has done so far.
type behaviour struct {
	requests      map[string]int
	interruptions int
	level, rate   baseline
}

// baseline is the mean of a caller's first turns.
type baseline struct {
	sum float64
	n   int
}

// above takes in a value and returns the mean of the first ones, without this
// one; false while they are too few.
func (b *baseline) above(v float64) (mean float64, known bool) {
	mean, known = b.sum/float64(max(1, b.n)), b.n >= fewTurns
	if b.n < firstTurns {
		b.sum += v
		b.n++
	}
	return mean, known
}

// weigh takes in a turn and returns what its behaviour weighs, and why. Of a
// turn whose words are kind only asking again counts: joy is loud, too.
func (b *behaviour) weigh(t Turn, words float64) (sum float64, causes []string) {
	add := func(v float64, cause string) {
		if v < 0 {
			sum, causes = sum+v, append(causes, cause)
		}
	}
	add(b.again(t))
	interrupts, why := b.interrupts(t)
	loud, howLoud := b.loudness(t)
	fast, howFast := b.speed(t)
	if words < 0.3 {
		add(interrupts, why)
		add(loud, howLoud)
		add(fast, howFast)
	}
	return sum, causes
}

func (b *behaviour) again(t Turn) (float64, string) {
	if t.Request == "" || len(strings.Fields(spaced(t.Text))) < 2 { // one word is a choice, or a guess of what it was
		return 0, ""
	}
	if b.requests == nil {
		b.requests = map[string]int{}
	}
	if len(b.requests) < mostRequests || b.requests[t.Request] > 0 {
		b.requests[t.Request]++
	}
	switch n := b.requests[t.Request]; {
	case n == 2:
		return asksAgain, "asked again"
	case n > 2:
		return asksOnceMore, fmt.Sprintf("asked %d times", n)
	}
	return 0, ""
}

func (b *behaviour) interrupts(t Turn) (float64, string) {
	if !t.Interrupts {
		return 0, ""
	}
	switch b.interruptions++; {
	case b.interruptions == 2:
		return interruptsOnce, "interrupted twice"
	case b.interruptions > 2:
		return interruptsMore, fmt.Sprintf("interrupted %d times", b.interruptions)
	}
	return 0, ""
}

func (b *behaviour) loudness(t Turn) (float64, string) {
	if t.LevelDB >= 0 {
		return 0, ""
	}
	usual, known := b.level.above(t.LevelDB)
	over := t.LevelDB - usual
	switch {
	case !known || over < louderDB:
		return 0, ""
	case over < muchLouderDB:
		return louder, fmt.Sprintf("louder by %.0f dB", over)
	}
	return muchLouder, fmt.Sprintf("louder by %.0f dB", over)
}

func (b *behaviour) speed(t Turn) (float64, string) {
	words := strings.Fields(t.Text)
	if len(words) < shortest || t.Length.Seconds() < 0.8 {
		return 0, ""
	}
	rate := float64(syllables(words)) / t.Length.Seconds()
	usual, known := b.rate.above(rate)
	if !known || rate < fasterBy*usual {
		return 0, ""
	}
	return faster, fmt.Sprintf("faster by %.0f %%", 100*(rate/usual-1))
}

// syllables are about as many as there are runs of vowels; a Chinese character
// is one.
func syllables(words []string) int {
	n := 0
	for _, w := range words {
		last := false
		for _, r := range strings.ToLower(w) {
			vowel := strings.ContainsRune("aeiouyäöüáéíóúàèâêîôû", r) || r >= 0x4E00 && r <= 0x9FFF
			if vowel && (!last || r >= 0x4E00) {
				n++
			}
			last = vowel
		}
	}
	return max(1, n)
}

// counts are words for how often; those of weights (second, third) are not among
// them.
var counts = map[string]float64{
	"fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "hundredth": 10, "millionth": 10, "4th": 4, "5th": 5, "6th": 6, "3rd": 3, "2nd": 2, "umpteenth": 10,
	"twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "several": 3, "many": 4, "multiple": 3, "countless": 10, "so many": 4,
}

// insists finds that a caller tells how often they have tried: "the fifth time
// i call", "i have called three times".
func insists(words []string) (float64, string) {
	for i, w := range words {
		n := counts[w]
		if n == 0 {
			continue
		}
		cause := w + " times"
		switch {
		case i+1 < len(words) && words[i+1] == "time":
			cause = w + " time"
		case w != "twice" && (i+1 >= len(words) || words[i+1] != "times"):
			continue
		}
		if !slices.ContainsFunc(words, func(v string) bool { return tries[v] }) {
			continue
		}
		return -math.Min(3, 0.8*n), cause
	}
	return 0, ""
}

// tries are what a caller does often in vain.
var tries = set("call called calling calls phoned phone phoning rang ringing tried try trying asked asking explain explained told email emailed wrote written contacted contacting complained transferred hung explaining repeat")

// grateful finds thanks.
func grateful(text string) bool {
	return slices.ContainsFunc(strings.Fields(spaced(text)), func(w string) bool {
		return strings.HasPrefix(w, "thank") || strings.HasPrefix(w, "appreciat") || w == "grateful" || w == "cheers"
	}) || strings.Contains(text, "谢")
}
