package dialog

import (
	"context"
	"sync"

	"attendant/media"
	"attendant/speech"
)

// Transcribe recognises audio as an ear would in a call, turn by turn, as fast
// as the recogniser can.
func Transcribe(ctx context.Context, r speech.Recognizer, hints speech.Hints, audio []media.Frame) ([]speech.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	e := newEar(r, newDetector())
	e.expect(hints)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	heardAll := make(chan struct{})
	parts.Go(func() {
		defer close(heardAll)
		e.listen(ctx)
	})
	parts.Go(func() {
		defer close(e.frames)
		// Two seconds of silence end the last turn.
		for _, f := range append(audio[:len(audio):len(audio)], make([]media.Frame, 100)...) {
			select {
			case e.frames <- f:
			case <-ctx.Done():
				return
			}
		}
	})
	var results []speech.Result
	for {
		select {
		case h := <-e.events:
			if h.err != nil {
				return results, h.err
			}
			if h.kind == heardEnd && h.result.Text != "" {
				results = append(results, h.result)
			}
		case <-heardAll:
			if len(e.events) == 0 {
				return results, ctx.Err()
			}
		case <-ctx.Done():
			return results, ctx.Err()
		}
	}
}
