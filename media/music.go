package media

import "math"

// DefaultMusic is what callers hear who wait where no music is set: eight
// seconds of soft chords, made here so that nobody's rights are touched.
func DefaultMusic() []Frame {
	chords := [][]float64{{262, 330, 392}, {220, 262, 330}, {175, 220, 262}, {196, 247, 294}}
	const each = 100 // frames a chord lasts
	frames := make([]Frame, each*len(chords))
	for i := range frames {
		chord := chords[i/each]
		for n := range frames[i] {
			t := float64((i%each)*FrameSamples+n) / SampleRateHz
			var v float64
			for _, f := range chord {
				v += math.Sin(2*math.Pi*f*t) + 0.3*math.Sin(4*math.Pi*f*t)
			}
			// Each chord swells for 50 ms and dies away.
			frames[i][n] = int16(700 * v * min(1, t/0.05) * math.Exp(-t))
		}
	}
	return frames
}
