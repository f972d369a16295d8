package openaitest

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// URL is the base address to give to a caller that uses Client.
const URL = "http://double.invalid/v1"

// Client returns a client whose requests reach the server without any socket, so
// that it works inside a testing/synctest bubble. A request's goroutine ends when
// the answer has been sent or the request's context has ended.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s}} }

// direct carries requests to a handler.
type direct struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	a := &answer{writer: writer, header: http.Header{}, begun: make(chan struct{})}
	go a.serve(d.handler, r)
	select {
	case <-a.begun:
	case <-r.Context().Done():
		writer.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	if a.failed != nil {
		return nil, a.failed
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Header: a.header.Clone(), Body: body{reader, r}, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
	}, nil
}

// body is an answer's body, which ends with the request's context as a socket's
// does.
type body struct {
	*io.PipeReader
	request *http.Request
}

// Read implements io.Reader.
func (b body) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && b.request.Context().Err() != nil {
		err = b.request.Context().Err()
	}
	return n, err
}

// answer implements http.ResponseWriter and http.Flusher over a pipe.
type answer struct {
	writer *io.PipeWriter
	header http.Header
	once   sync.Once
	begun  chan struct{} // closed when status and header are known, or it failed
	status int
	failed error
}

func (a *answer) serve(h http.Handler, r *http.Request) {
	ended := make(chan struct{})
	defer close(ended)
	go func() { // a pipe's reader does not see the context
		select {
		case <-r.Context().Done():
			a.writer.CloseWithError(r.Context().Err())
		case <-ended:
		}
	}()
	defer func() {
		if p := recover(); p != nil { // http.ErrAbortHandler: the connection is cut
			a.once.Do(func() { a.failed = io.ErrUnexpectedEOF; close(a.begun) })
			a.writer.CloseWithError(io.ErrUnexpectedEOF)
			return
		}
		a.WriteHeader(http.StatusOK)
		a.writer.CloseWithError(r.Context().Err()) // nil is the regular end
	}()
	h.ServeHTTP(a, r)
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.once.Do(func() { a.status = status; close(a.begun) })
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.writer.Write(p)
}

// Flush implements http.Flusher: nothing is held back.
func (a *answer) Flush() {}
