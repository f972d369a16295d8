package intent

import "attendant/dialog/understand/concept"

// shortest is the length from which a word may be taken for a known one that
// is one letter off: among shorter words too many are.
const shortest = 6

// spelling finds the known word that an unknown one was meant to be: both
// become equal when at most one letter is left out of each.
type spelling struct {
	known map[string]bool
	near  map[string]string // what a known word is without one letter
}

func newSpelling() spelling { return spelling{map[string]bool{}, map[string]string{}} }

// learn takes in the words of an example.
func (s spelling) learn(words []string) {
	for _, w := range words {
		if s.known[w] {
			continue
		}
		s.known[w] = true
		if len(w) < shortest {
			continue
		}
		for _, v := range shortened(w) {
			if _, taken := s.near[v]; !taken {
				s.near[v] = w
			}
		}
	}
}

// correct returns words with those replaced that are unknown to examples and
// concepts and close to a known one.
func (s spelling) correct(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if s.known[w] || len(w) < shortest || len(concept.In([]string{w})) > 0 {
			continue
		}
		out[i] = s.closest(w)
	}
	return out
}

func (s spelling) closest(w string) string {
	if k, ok := s.near[w]; ok {
		return k
	}
	for _, v := range shortened(w) {
		if s.known[v] {
			return v
		}
		if k, ok := s.near[v]; ok {
			return k
		}
	}
	return w
}

// shortened are all that is left of a word without one of its letters; the
// first letter is hardly ever mistyped and stays.
func shortened(w string) []string {
	letters := []rune(w)
	var out []string
	for i := 1; i < len(letters); i++ {
		out = append(out, string(letters[:i])+string(letters[i+1:]))
	}
	return out
}
