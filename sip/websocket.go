package sip

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"attendant/sip/wire"
)

// errFrame is a WebSocket peer that does not keep to RFC 6455.
var errFrame = errors.New("WebSocket frame")

// upgrade answers a WebSocket's opening handshake: the subprotocol must be sip,
// RFC 7118 section 4.
func (f *flow) upgrade() error {
	if err := f.SetDeadline(f.begun.Add(firstByte)); err != nil {
		return err
	}
	chosen := false
	u := ws.Upgrader{ReadBufferSize: 4096, WriteBufferSize: 512, Protocol: func(p []byte) bool {
		chosen = chosen || string(p) == "sip"
		return string(p) == "sip"
	}}
	if _, err := u.Upgrade(f.Conn); err != nil {
		return err
	}
	if !chosen {
		return errFrame
	}
	return nil
}

// nextFramed returns the next message of a WebSocket, each in a message of its
// own, and answers pings. sipgo does not: proxies drop such connections.
func (f *flow) nextFramed() ([]byte, error) {
	f.in = nil
	for {
		if err := f.SetReadDeadline(f.deadline(len(f.in) > 0)); err != nil {
			return nil, err
		}
		h, payload, err := f.frame()
		if err != nil {
			return nil, err
		}
		switch h.OpCode {
		case ws.OpPing:
			if err := f.writeFrame(ws.NewPongFrame(payload)); err != nil {
				return nil, err
			}
			continue
		case ws.OpPong:
			f.keptAlive(false)
			continue
		case ws.OpClose:
			return nil, errors.Join(f.writeFrame(ws.NewCloseFrame(nil)), io.EOF)
		}
		if f.in = append(f.in, payload...); len(f.in) > wire.MaxMessage {
			return nil, wire.ErrTooLarge
		}
		if !h.Fin {
			continue
		}
		if rest := strings.Trim(string(f.in), "\r\n"); rest != "" {
			return f.in, nil
		}
		if f.keptAlive(true); string(f.in) == "\r\n\r\n" && !f.dialled {
			f.answer([]byte("\r\n"))
		}
		f.in = nil
	}
}

// frame reads one frame and unmasks it. RFC 6455 section 5: what a client sends
// is masked, what a server sends is not, control frames are short and whole.
func (f *flow) frame() (ws.Header, []byte, error) {
	if _, err := f.reader.Peek(1); err != nil {
		return ws.Header{}, nil, err
	}
	f.heard = true
	if len(f.in) == 0 {
		f.since = time.Now()
	}
	if err := f.SetReadDeadline(f.deadline(true)); err != nil {
		return ws.Header{}, nil, err
	}
	h, err := ws.ReadHeader(f.reader)
	switch {
	case err != nil:
		return h, nil, err
	case h.Length > wire.MaxMessage:
		return h, nil, wire.ErrTooLarge
	case h.Masked == f.dialled, h.OpCode.IsReserved(), h.OpCode.IsControl() && (!h.Fin || h.Length > 125), h.Rsv != 0:
		return h, nil, errFrame
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(f.reader, payload); err != nil {
		return h, nil, err
	}
	if h.Masked {
		ws.Cipher(payload, h.Mask, 0)
	}
	return h, payload, nil
}

// writeFramed writes one message, or a keep-alive; the caller holds writing.
func (f *flow) writeFramed(b []byte) (int, error) {
	frame := ws.NewTextFrame(slices.Clone(b))
	if f.dialled {
		frame = ws.MaskFrameInPlace(frame)
	}
	if err := ws.WriteFrame(f.Conn, frame); err != nil {
		return 0, err
	}
	return len(b), nil
}

// writeFrame writes a control frame.
func (f *flow) writeFrame(frame ws.Frame) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := f.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	if f.dialled {
		frame = ws.MaskFrame(frame)
	}
	return ws.WriteFrame(f.Conn, frame)
}

// connectWebSocket does the client's side of the opening handshake. The reader
// holds what the server has already sent; it may be nil.
func connectWebSocket(conn net.Conn, secure bool, host string) (*bufio.Reader, error) {
	target := &url.URL{Scheme: "ws", Host: host, Path: "/"}
	if secure {
		target.Scheme = "wss"
	}
	d := ws.Dialer{Protocols: []string{"sip"}}
	reader, hs, err := d.Upgrade(conn, target)
	if err == nil && hs.Protocol != "sip" {
		err = errFrame
	}
	return reader, err
}
