package rtp

import (
	"testing"

	"attendant/media"
)

// numbered decodes a payload's first octet to a frame of that value.
func numbered(dst []int16, payload []byte) []int16 {
	for range media.FrameSamples {
		dst = append(dst, int16(payload[0])*100)
	}
	return dst
}

// play puts packets as trace says, one step a tick, and returns what is heard:
// packet numbers, 0 for nothing, -1 for concealment.
func play(j *Jitter, trace [][]uint16) []int {
	var heard []int
	for _, arrivals := range trace {
		for _, n := range arrivals {
			j.Put(n, []byte{byte(n)})
		}
		var f media.Frame
		switch {
		case !j.Get(&f):
			heard = append(heard, 0)
		case f[0]%100 == 0 && f[0] > 0 && j.hidden == 0:
			heard = append(heard, int(f[0])/100)
		default:
			heard = append(heard, -1)
		}
	}
	return heard
}

func TestJitterTraces(t *testing.T) {
	cases := []struct {
		name  string
		trace [][]uint16
		want  []int
	}{
		{"even", [][]uint16{{1}, {2}, {3}, {4}}, []int{0, 1, 2, 3}},
		{"burst", [][]uint16{{1, 2, 3, 4}, {}, {}, {5}}, []int{1, 2, 3, 4}},
		{"reordered", [][]uint16{{1}, {3}, {2}, {4}, {5}}, []int{0, 1, 2, 3, 4}},
		{"reordered at the start", [][]uint16{{2}, {1}, {3}, {4}}, []int{0, 1, 2, 3}},
		{"duplicate", [][]uint16{{1}, {2, 2}, {3}, {4}}, []int{0, 1, 2, 3}},
		{"lost", [][]uint16{{1}, {2}, {4}, {5}, {6}}, []int{0, 1, 2, -1, 4}},
		{"late", [][]uint16{{1}, {2}, {4}, {5}, {6, 3}, {7}}, []int{0, 1, 2, -1, 4, 5}},
		{"pause of the sender", [][]uint16{{1}, {2}, {}, {}, {}, {}, {}, {}, {}, {3}, {4}, {5}}, []int{0, 1, 2, -1, -1, -1, -1, 0, 0, 0, 0, 3}},
		{"new stream", [][]uint16{{1}, {2}, {30001}, {30002}, {30003}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := play(NewJitter(numbered), c.trace)
			for i := range c.want {
				if got[i] != c.want[i] {
					t.Fatalf("heard %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestJitterWrapsAround(t *testing.T) {
	j := NewJitter(numbered)
	var f media.Frame
	played := 0
	for n := uint16(65500); n != 100; n++ {
		j.Put(n, []byte{7})
		if j.Get(&f) {
			played++
		}
	}
	if s := j.Stats(); played < 134 || s.Lost != 0 {
		t.Errorf("%d of 136 frames played, %d lost", played, s.Lost)
	}
}

func FuzzJitter(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 5})
	f.Fuzz(func(t *testing.T, steps []byte) {
		j := NewJitter(numbered)
		var frame media.Frame
		sequence := uint16(0)
		for _, s := range steps {
			sequence += uint16(int8(s)) * 3
			j.Put(sequence, []byte{1})
			j.Get(&frame)
			if j.waiting < 0 || j.waiting > ringSize || cap(j.pcm) > 64*media.FrameSamples {
				t.Fatalf("%d packets wait, room for %d samples", j.waiting, cap(j.pcm))
			}
		}
	})
}
