// Package codec turns frames into the payloads of RTP packets and back.
//
// All is the table of the codecs, in the order in which they are offered. A
// codec is one file. Inside the program audio is 16 kHz; a codec of another
// rate resamples itself. An Encoder or Decoder is the state of one direction of
// one stream and belongs to one goroutine; neither blocks, and neither
// allocates where its destination has room.
//
// RFC 3551 for payload types and packing; ITU-T G.711 and G.722.
package codec

import "attendant/media"

// Codec describes one audio codec.
type Codec struct {
	Name        string // as in SDP's rtpmap
	PayloadType uint8  // the static one of RFC 3551 section 6
	ClockRateHz int    // of RTP timestamps; 8000 for G.722 too, RFC 3551 section 4.5.2
	Bandwidth   media.Bandwidth
	NewEncoder  func() Encoder
	NewDecoder  func() Decoder
}

// All returns the codecs, the preferred one first.
func All() []Codec {
	return []Codec{
		{"G722", 9, 8000, media.Wideband, newG722Encoder, newG722Decoder},
		{"PCMA", 8, 8000, media.Narrowband, newALawEncoder, newALawDecoder},
		{"PCMU", 0, 8000, media.Narrowband, newULawEncoder, newULawDecoder},
	}
}

// Encoder makes payloads.
type Encoder interface {
	// Encode appends f's payload, 20 ms, to dst.
	Encode(dst []byte, f *media.Frame) []byte
}

// Decoder takes payloads apart.
type Decoder interface {
	// Decode appends payload's samples, 16 kHz, to dst. A payload may have any
	// length; every sequence of octets decodes to something.
	Decode(dst []int16, payload []byte) []int16
}
