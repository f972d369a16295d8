package reply

import (
	"errors"
	"strings"
	"unicode/utf8"

	"attendant/dialog/model"
)

// errCut is an answer that broke off before anything of it could be said.
var errCut = errors.New("the answer broke off")

// sentences reads an answer and hands its sentences over as they become whole.
type sentences struct {
	say   func(string) bool
	text  string // not handed over yet
	said  int
	first bool // the beginning has been looked at
	none  bool
}

// noAnswer is what the model writes where it has none.
const noAnswer = "NO_ANSWER"

// Read implements model.Reader.
func (s *sentences) Read(piece string) (model.Progress, error) {
	s.text += piece
	if !s.first {
		begin := strings.TrimLeft(s.text, " \n\"")
		if len(begin) < len(noAnswer) && strings.HasPrefix(noAnswer, begin) {
			return model.More, nil
		}
		if s.first = true; strings.HasPrefix(begin, noAnswer) {
			s.none = true
			return model.Enough, nil
		}
	}
	for {
		sentence, rest, ok := cutSentence(s.text)
		if !ok {
			break
		}
		if s.text = rest; !s.hand(sentence) || s.said == mostSentences {
			return model.Enough, nil
		}
	}
	if s.said > 0 {
		return model.Usable, nil
	}
	return model.More, nil
}

// hand hands a sentence over and reports whether more are wanted.
func (s *sentences) hand(sentence string) bool {
	if sentence = plain(sentence); sentence == "" {
		return true
	}
	s.said++
	return s.say(sentence)
}

// End implements model.Reader. A sentence that broke off is not said.
func (s *sentences) End(cut bool) error {
	if !cut && !s.first && strings.TrimSpace(s.text) == noAnswer {
		s.none = true
		return nil
	}
	if rest := strings.TrimSpace(s.text); !cut && strings.ContainsAny(lastRune(rest), ends) {
		s.hand(rest)
	}
	if s.said == 0 {
		return errCut
	}
	return nil
}

// ends are the marks that end a sentence.
const ends = ".?!。？！"

func lastRune(text string) string {
	_, n := utf8.DecodeLastRuneInString(text)
	return text[len(text)-n:]
}

// cutSentence cuts the first sentence off a text that may go on: a Latin mark
// ends one only where a space follows, since "3." may become "3.5".
func cutSentence(text string) (sentence, rest string, ok bool) {
	for i, r := range text {
		after := text[i+utf8.RuneLen(r):]
		switch {
		case !strings.ContainsRune(ends, r):
		case r > utf8.RuneSelf, after != "" && (after[0] == ' ' || after[0] == '\n'):
			return text[:len(text)-len(after)], after, strings.TrimSpace(text[:i]) != ""
		}
	}
	return "", text, false
}

// whole reads an answer to its end.
type whole struct{ text strings.Builder }

// Read implements model.Reader.
func (w *whole) Read(piece string) (model.Progress, error) {
	w.text.WriteString(piece)
	return model.More, nil
}

// End implements model.Reader.
func (w *whole) End(cut bool) error {
	if cut || strings.TrimSpace(w.text.String()) == "" {
		return errCut
	}
	return nil
}
