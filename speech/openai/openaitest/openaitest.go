// Package openaitest is a double of a server with OpenAI's API: chat completions,
// transcriptions and speech, streamed or not.
//
// The central type is Server, an http.Handler. What it answers is scripted (Hear,
// Speak, Chat); how it answers is its Way, one for each endpoint, which may change
// while it serves: well, slowly, never, half, not at all, with a status, with
// garbage. Requests are counted and the last of each endpoint is kept, so that a
// test sees what was asked. Errors tell the caller's key, as careless servers do:
// whoever shows such an error shows the key.
//
// A Server serves over sockets (httptest), as a process (cmd/double), or without
// any socket through Client, which works inside a testing/synctest bubble. Any
// goroutine may use it.
package openaitest

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sashabaranov/go-openai"
)

// Endpoint is one of the things that the server does.
type Endpoint string

// The endpoints.
const (
	Chat           Endpoint = "chat"
	Transcriptions Endpoint = "transcriptions"
	Speech         Endpoint = "speech"
)

// paths are where the endpoints are.
var paths = map[Endpoint]string{
	Chat: "/v1/chat/completions", Transcriptions: "/v1/audio/transcriptions", Speech: "/v1/audio/speech",
}

// RateHz is the sample rate of what the double speaks.
const RateHz = 24000

// Server is the double. Its fields are set before it serves.
type Server struct {
	Hear  func(Heard) string                         // what was said; nil is "where is my order"
	Speak func(text string) []int16                  // at RateHz; nil is a tone, 60 ms a character
	Reply func(openai.ChatCompletionRequest) string  // the answer; nil is "ok"
	Check func(*http.Request, []byte) (fault string) // of a request and its body; not empty is status 400
	Key   string                                     // wanted from callers, who else get 401; empty wants none

	once sync.Once
	mux  *http.ServeMux

	mu    sync.Mutex
	ways  map[Endpoint]Way
	asked map[Endpoint]int
	last  map[Endpoint]any
}

// Heard is a transcription that was asked for.
type Heard struct {
	WAV                             []byte
	Model, Prompt, Language, Format string
	Stream                          bool
}

// Set changes how an endpoint answers from the next request on.
func (s *Server) Set(e Endpoint, w Way) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ways == nil {
		s.ways = map[Endpoint]Way{}
	}
	s.ways[e] = w
}

// SetAll changes how all endpoints answer.
func (s *Server) SetAll(w Way) {
	for e := range paths {
		s.Set(e, w)
	}
}

// Asked is how many requests an endpoint has had.
func (s *Server) Asked(e Endpoint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[e]
}

// LastHeard is the last transcription that was asked for.
func (s *Server) LastHeard() Heard { h, _ := s.lastOf(Transcriptions).(Heard); return h }

// LastSpoken is the last speech that was asked for.
func (s *Server) LastSpoken() openai.CreateSpeechRequest {
	q, _ := s.lastOf(Speech).(openai.CreateSpeechRequest)
	return q
}

// LastChat is the last chat completion that was asked for.
func (s *Server) LastChat() openai.ChatCompletionRequest {
	q, _ := s.lastOf(Chat).(openai.ChatCompletionRequest)
	return q
}

func (s *Server) lastOf(e Endpoint) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[e]
}

// note counts a request and returns how it is to be answered.
func (s *Server) note(e Endpoint, q any) Way {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked, s.last = map[Endpoint]int{}, map[Endpoint]any{}
	}
	s.asked[e]++
	s.last[e] = q
	return s.ways[e]
}

// ServeHTTP implements http.Handler. Besides the endpoints there are GET /double,
// which tells the counts, and PUT /double/{endpoint}?way=WAY, as of ParseWay.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(func() {
		s.mux = http.NewServeMux()
		s.mux.HandleFunc("POST "+paths[Chat], s.guarded(s.chat))
		s.mux.HandleFunc("POST "+paths[Transcriptions], s.guarded(s.transcribe))
		s.mux.HandleFunc("POST "+paths[Speech], s.guarded(s.speak))
		s.mux.HandleFunc("GET /double", s.counts)
		s.mux.HandleFunc("PUT /double/{endpoint}", s.change)
	})
	s.mux.ServeHTTP(w, r)
}

// guarded asks for the key and for what Check wants.
func (s *Server) guarded(next func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Key != "" && bearer(r) != s.Key {
			fail(w, r, http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
		if err != nil {
			fail(w, r, http.StatusBadRequest)
			return
		}
		if s.Check != nil {
			if fault := s.Check(r, body); fault != "" {
				http.Error(w, fault, http.StatusBadRequest)
				return
			}
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		next(w, r)
	}
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// fail answers with a status and an error that tells the key.
func fail(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A caller that is gone needs no error.
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"message": "refused, key " + bearer(r) + ": " + http.StatusText(status), "type": "double", "code": status,
	}})
}

func (s *Server) counts(w http.ResponseWriter, _ *http.Request) {
	out := map[Endpoint]int{}
	for e := range paths {
		out[e] = s.Asked(e)
	}
	_ = json.NewEncoder(w).Encode(out) // a caller that is gone needs no counts
}

func (s *Server) change(w http.ResponseWriter, r *http.Request) {
	e := Endpoint(r.PathValue("endpoint"))
	way, err := ParseWay(r.URL.Query().Get("way"))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case e == "all":
		s.SetAll(way)
	case paths[e] == "":
		http.Error(w, "no such endpoint", http.StatusNotFound)
	default:
		s.Set(e, way)
	}
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var q openai.ChatCompletionRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		fail(w, r, http.StatusBadRequest)
		return
	}
	way := s.note(Chat, q)
	content := "ok"
	if s.Reply != nil {
		content = s.Reply(q)
	}
	if !q.Stream {
		way.send(w, r, "application/json", [][]byte{encode(map[string]any{
			"object":  "chat.completion",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": content}}},
			"usage":   map[string]any{"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
		})})
		return
	}
	var events [][]byte
	for _, piece := range strings.SplitAfter(content, " ") {
		events = append(events, event(map[string]any{"object": "chat.completion.chunk", "choices": []any{map[string]any{"index": 0, "delta": map[string]any{"content": piece}}}}))
	}
	way.send(w, r, "text/event-stream", append(events, []byte("data: [DONE]\n\n")))
}

func (s *Server) transcribe(w http.ResponseWriter, r *http.Request) {
	h := Heard{Model: r.FormValue("model"), Prompt: r.FormValue("prompt"), Language: r.FormValue("language"), Format: r.FormValue("response_format"), Stream: r.FormValue("stream") == "true"}
	file, _, err := r.FormFile("file")
	if err == nil {
		h.WAV, err = io.ReadAll(file)
	}
	if err != nil {
		fail(w, r, http.StatusBadRequest)
		return
	}
	way := s.note(Transcriptions, h)
	text := "where is my order"
	if s.Hear != nil {
		text = s.Hear(h)
	}
	switch {
	case h.Stream:
		var events [][]byte
		for _, piece := range strings.SplitAfter(text, " ") {
			events = append(events, event(map[string]any{"type": "transcript.text.delta", "delta": piece}))
		}
		way.send(w, r, "text/event-stream", append(events, event(map[string]any{"type": "transcript.text.done", "text": text})))
	case h.Format == "text":
		way.send(w, r, "text/plain", [][]byte{[]byte(text + "\n")})
	case h.Format == "verbose_json":
		segments := []any{map[string]any{"id": 0, "text": text, "start": 0, "end": 1, "avg_logprob": -0.1, "no_speech_prob": 0.01}}
		way.send(w, r, "application/json", [][]byte{encode(map[string]any{"task": "transcribe", "text": text, "duration": 1, "segments": segments})})
	default:
		way.send(w, r, "application/json", [][]byte{encode(map[string]any{"text": text})})
	}
}

//go:embed tone.mp3
var toneMP3 []byte // a second of 440 Hz at 24 kHz, whatever is to be said

func (s *Server) speak(w http.ResponseWriter, r *http.Request) {
	var q openai.CreateSpeechRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Input == "" {
		fail(w, r, http.StatusBadRequest)
		return
	}
	way := s.note(Speech, q)
	if q.ResponseFormat == openai.SpeechResponseFormatMp3 {
		way.send(w, r, "audio/mpeg", pieces(toneMP3, 512))
		return
	}
	speak := s.Speak
	if speak == nil {
		speak = Tone
	}
	pcm := speak(q.Input)
	data := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		data = append(data, byte(v), byte(uint16(v)>>8))
	}
	way.send(w, r, "audio/pcm", pieces(data, 2*RateHz/10)) // 100 ms a piece
}

// Tone speaks: 300 Hz at about -20 dB, 60 ms a character, at RateHz.
func Tone(text string) []int16 {
	const period = RateHz / 300
	pcm := make([]int16, len(text)*RateHz*60/1000)
	for i := range pcm {
		pcm[i] = int16(4600 * (1 - 4*abs(float64(i%period)/period-0.5))) // a triangle
	}
	return pcm
}

func abs(v float64) float64 { return max(v, -v) }

func pieces(data []byte, size int) [][]byte {
	var out [][]byte
	for len(data) > size {
		out = append(out, data[:size])
		data = data[size:]
	}
	return append(out, data)
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // made of maps and strings
	}
	return data
}

func event(v any) []byte { return []byte("data: " + string(encode(v)) + "\n\n") }

// sleep waits, or until the caller is gone.
func sleep(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}
