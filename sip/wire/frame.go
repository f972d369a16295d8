package wire

import (
	"bytes"
	"errors"
)

// Why a stream cannot be read further.
var (
	// ErrTooLarge is a message larger than MaxMessage.
	ErrTooLarge = errors.New("message too large")
	// ErrNoLength is a message in a stream without a Content-Length that can
	// be read: nobody knows where the next begins.
	ErrNoLength = errors.New("no Content-Length")
)

// KeepAlive returns how many octets of a keep-alive b begins with, and whether
// they are a whole ping, CR LF CR LF, that is answered with a pong. RFC 5626
// section 4.4.1.
func KeepAlive(b []byte) (n int, ping bool) {
	if bytes.HasPrefix(b, []byte("\r\n\r\n")) {
		return 4, true
	}
	if bytes.HasPrefix(b, []byte("\r\n")) && (len(b) > 2 && b[2] != '\r') {
		return 2, false
	}
	return 0, false
}

// Frame returns the length of the message that b, which was read from a
// stream, begins with; 0 where more must be read. RFC 3261 section 18.3. The
// error is ErrTooLarge or ErrNoLength.
func Frame(b []byte) (int, error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > MaxMessage {
			return 0, ErrTooLarge
		}
		return 0, nil
	}
	length, ok := contentLength(b[:end])
	if !ok {
		return 0, ErrNoLength
	}
	whole := end + 4 + length
	switch {
	case whole > MaxMessage:
		return 0, ErrTooLarge
	case whole > len(b):
		return 0, nil
	}
	return whole, nil
}

// contentLength reads the one Content-Length of a message's head.
func contentLength(head []byte) (int, bool) {
	found, length := false, 0
	for line := range bytes.Lines(head) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		if !ok || !bytes.EqualFold(name, []byte("Content-Length")) && !bytes.EqualFold(name, []byte("l")) {
			continue
		}
		n, ok := number(string(bytes.TrimSpace(value)), MaxMessage)
		if !ok || found {
			return 0, false
		}
		found, length = true, n
	}
	return length, found
}
