// Package vector places texts in a space in which those that mean about the
// same are near each other, whatever words they use.
//
// The central type is Vector. A text's is the mean of its words' vectors, from a
// table of English words and pieces of words that is part of the program
// (words.bin, made by dialog/vector/make; see there from what). A word that the
// table lacks is read as the longest pieces that it has, so that typing errors
// and new words still say something; texts in other scripts have no vector.
//
// All is pure: the table is read once and never changes; any goroutine may call
// anything; nothing blocks. The table takes about 10 MB.
package vector

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Dims is the number of dimensions.
const Dims = 256

// Vector is a text's place; its length is 1, or 0 where nothing is known of the
// text.
type Vector [Dims]float32

// Like is the cosine of the angle between two vectors: 1 for texts of the same
// words, about 0 for texts that have nothing to do with each other.
func (v *Vector) Like(o *Vector) float32 {
	var sum float32
	for i := range v {
		sum += v[i] * o[i]
	}
	return sum
}

const (
	// most bounds what is read of a text: pieces of words.
	most = 256
	// longest bounds a word, in letters; longer ones are no words.
	longest = 40
)

// Of is a text's vector. It reports false where no word is known.
func Of(text string) (v Vector, known bool) {
	t := loaded()
	n := 0
	for _, w := range words(text) {
		for _, p := range t.pieces(w) {
			if n++; n > most {
				break
			}
			t.add(&v, p)
		}
	}
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return v, false
	}
	by := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= by
	}
	return v, true
}

// words are a text's words as the table has them: lower case, without accents,
// contractions in two parts as in "don t".
func words(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(norm.NFD.String(text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	}) {
		w = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, w)
		if two, ok := contractions[w]; ok {
			out = append(out, two...)
		} else if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// contractions are those written without their apostrophe, as recognisers and
// hurried people do. "its", "were" and "well" are words of their own.
var contractions = func() map[string][]string {
	out := map[string][]string{}
	for w := range strings.FieldsSeq("don't doesn't didn't isn't wasn't aren't weren't can't couldn't wouldn't shouldn't won't haven't hasn't hadn't i'm i've you're you've they're they've we've that's what's where's who's how's there's i'll you'll") {
		one, two, _ := strings.Cut(w, "'")
		out[one+two] = []string{one, two}
	}
	return out
}()

// table is words.bin.
type table struct {
	number map[string]int32 // of a piece; those within words begin with ##
	scales []byte           // a little-endian float32 a piece
	values []byte           // Dims int8 a piece
}

//go:embed words.bin
var file string

var loaded = sync.OnceValue(func() *table {
	head, rest, _ := strings.Cut(file, "\n")
	var n, dims int
	if _, err := fmt.Sscan(head, &n, &dims); err != nil || dims != Dims {
		panic(fmt.Sprintf("words.bin has %q, want a count and %d", head, Dims))
	}
	t := &table{number: make(map[string]int32, n)}
	for i := range n {
		var p string
		p, rest, _ = strings.Cut(rest, "\n")
		t.number[p] = int32(i)
	}
	if len(rest) != n*(4+Dims) {
		panic(fmt.Sprintf("words.bin has %d octets of values, want %d", len(rest), n*(4+Dims)))
	}
	t.scales, t.values = []byte(rest[:4*n]), []byte(rest[4*n:])
	return t
})

// pieces are the numbers of the longest pieces that make up a word, none where
// it has a letter that no piece has.
func (t *table) pieces(word string) []int32 {
	if n, ok := t.number[word]; ok {
		return []int32{n}
	}
	if len(word) > longest {
		return nil
	}
	var out []int32
	for from := 0; from < len(word); {
		n, to := t.piece(word, from)
		if to == from {
			return nil
		}
		out = append(out, n)
		from = to
	}
	return out
}

// piece is the longest piece of a word from an octet on, and where it ends.
func (t *table) piece(word string, from int) (int32, int) {
	prefix := "##"
	if from == 0 {
		prefix = ""
	}
	for to := len(word); to > from; to-- {
		if n, ok := t.number[prefix+word[from:to]]; ok {
			return n, to
		}
	}
	return 0, from
}

func (t *table) add(v *Vector, piece int32) {
	scale := math.Float32frombits(binary.LittleEndian.Uint32(t.scales[4*piece:]))
	for i, x := range t.values[int(piece)*Dims:][:Dims] {
		v[i] += scale * float32(int8(x))
	}
}
