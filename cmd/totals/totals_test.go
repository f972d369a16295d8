package main

import (
	"io"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	lines := `{"Action":"pass","Package":"a","Test":"T1"}
{"Action":"skip","Package":"a","Test":"T2"}
{"Action":"output","Package":"a","Test":"T3","Output":"boom\n"}
{"Action":"fail","Package":"a","Test":"T3"}
{"Action":"fail","Package":"a"}
{"Action":"fail","Package":"does-not-build"}
not json`
	passed, failed, skipped, err := count(strings.NewReader(lines), io.Discard)
	if passed != 1 || failed != 2 || skipped != 1 || err != nil {
		t.Errorf("%d passed, %d failed, %d skipped, %v; want 1, 2, 1", passed, failed, skipped, err)
	}
}
