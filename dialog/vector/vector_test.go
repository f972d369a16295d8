package vector

import "testing"

func like(t *testing.T, a, b string) float32 {
	t.Helper()
	v, ok := Of(a)
	o, also := Of(b)
	if !ok || !also {
		t.Fatalf("%q or %q has no vector", a, b)
	}
	return v.Like(&o)
}

func TestTextsOfOneMeaningAreNear(t *testing.T) {
	for _, c := range []struct{ text, near, far string }{
		{"give me my money back", "i want a refund", "what is the weather like"},
		{"where is my parcel", "track the package you shipped", "change my password"},
		{"my suitcase is gone", "the airline lost our luggage", "book a table for two"},
		{"the doctor cannot come", "physician unavailable", "play some jazz"},
		{"wheres my refnud", "where is my refund", "turn on the lights"},
	} {
		if near, far := like(t, c.text, c.near), like(t, c.text, c.far); near < far+0.05 {
			t.Errorf("%q: %.2f to %q, %.2f to %q", c.text, near, c.near, far, c.far)
		}
	}
}

// A recogniser writes neither case nor punctuation.
func TestWritingDoesNotMatter(t *testing.T) {
	for _, c := range [][2]string{{"I don't know.", "i dont know"}, {"Café", "cafe"}, {"  Hello,   World!", "hello world"}} {
		if l := like(t, c[0], c[1]); l < 0.999 {
			t.Errorf("%q and %q: %.3f", c[0], c[1], l)
		}
	}
}

func TestUnknownScriptsHaveNoVector(t *testing.T) {
	for _, text := range []string{"", "?!", "你好", "\xff\xfe"} {
		if v, ok := Of(text); ok || v != (Vector{}) {
			t.Errorf("%q has a vector", text)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("where is my order")
	f.Add("\xff don't ünïcode")
	f.Fuzz(func(t *testing.T, text string) {
		v, ok := Of(text)
		if l := v.Like(&v); ok && (l < 0.99 || l > 1.01) || !ok && l != 0 {
			t.Errorf("%q: known %v, length %v", text, ok, l)
		}
	})
}

// BenchmarkOf: a text of nine words takes microseconds.
func BenchmarkOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Of("why is the transfer i made still not there")
	}
}
