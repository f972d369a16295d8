package rtp

// KeyReader reads the keys of one stream of telephone events. The zero KeyReader
// is ready; one goroutine uses it.
type KeyReader struct {
	last uint32 // timestamp of the last key
	any  bool
}

// Read returns the key that the packet with this timestamp and payload presses,
// once a key: the packets of one press share a timestamp, and one that is older
// comes late. ok is false where the packet presses none. RFC 4733 section
// 2.5.2.2.
func (r *KeyReader) Read(timestamp uint32, payload []byte) (key byte, ok bool) {
	e, ok := parseEvent(payload)
	if !ok || int(e.number) >= len(keys) || (r.any && int32(timestamp-r.last) <= 0) {
		return 0, false
	}
	r.last, r.any = timestamp, true
	return keys[e.number], true
}
