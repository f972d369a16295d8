// Package openai recognises and speaks with any server of OpenAI's audio API: the
// company's own, or one on a machine of yours (docs/vendors.md).
//
// Recognizer uploads an utterance as WAV when it has ended and returns its words;
// what the conversation expects goes along as a prompt. Voice asks for a sentence
// as PCM or MP3 and hands its audio on while it arrives. Both are one request an
// utterance or sentence, over a client that the caller gives; neither retries:
// that is a ladder's to decide (speech.Recognizers, speech.Voices).
//
// Guarantees: errors are Faults, which tell in plain words what is wrong and hold
// neither the key nor what was said, whatever the server answers; nothing that a
// server sends makes them panic, hang beyond the context, or take more than a
// minute of audio for a sentence.
package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/sashabaranov/go-openai"

	"attendant/speech"
)

// Server is where to send requests. All but URL is optional.
type Server struct {
	URL   string // up to and with /v1
	Key   string // sent as a bearer token
	Model string
	HTTP  *http.Client // http.DefaultClient where nil
}

func (s Server) client() *openai.Client {
	settings := openai.DefaultConfig(s.Key)
	settings.BaseURL = s.URL
	if s.HTTP != nil {
		settings.HTTPClient = s.HTTP
	}
	return openai.NewClientWithConfig(settings)
}

// Fault is what a server did wrong, in plain words. It wraps
// speech.ErrUnavailable.
type Fault struct {
	Status int    // the HTTP status; 0 where there was none
	Words  string // hold no part of the request or the answer
}

// Error implements error.
func (f *Fault) Error() string { return f.Words }

// Unwrap makes a Fault a speech.ErrUnavailable.
func (f *Fault) Unwrap() error { return speech.ErrUnavailable }

func fault(format string, args ...any) *Fault { return &Fault{Words: fmt.Sprintf(format, args...)} }

// Explain turns an error of go-openai or of HTTP into a Fault; a cancelled context
// stays its own error. Nothing of the error's text is kept: servers are known to
// tell a key or a request in it.
func Explain(err error) error {
	var known *Fault
	var api *openai.APIError
	var request *openai.RequestError
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fault("no answer in time")
	case errors.As(err, &api) && api.HTTPStatusCode != 0:
		return status(api.HTTPStatusCode)
	case errors.As(err, &request) && request.HTTPStatusCode != 0:
		return status(request.HTTPStatusCode)
	}
	return explainConnection(err)
}

func explainConnection(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &dns):
		return fault("the host %s is not known", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault("nobody listens at that address")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fault("the connection was cut")
	case errors.As(err, &syntax), errors.As(err, &shape):
		return fault("the answer is not what this API gives")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault("no answer in time")
	}
	return fault("the request could not be sent or answered (%T)", innermost(err))
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// status says what an HTTP status means here.
func status(code int) *Fault {
	words := map[int]string{
		http.StatusBadRequest:            "the request was refused: does the model take it?",
		http.StatusUnauthorized:          "the key was refused",
		http.StatusPaymentRequired:       "the account has no credit",
		http.StatusForbidden:             "the key may not use this",
		http.StatusNotFound:              "there is no such model or address",
		http.StatusRequestEntityTooLarge: "the audio is too long for the server",
		http.StatusTooManyRequests:       "too many requests, or no credit left",
	}[code]
	switch {
	case words != "":
	case code >= 500:
		words = "the server has a fault"
	case code >= 300 && code < 400:
		words = "the server sends us elsewhere, which is not followed"
	default:
		words = "the request was refused"
	}
	return &Fault{Status: code, Words: fmt.Sprintf("%s (%d)", words, code)}
}
