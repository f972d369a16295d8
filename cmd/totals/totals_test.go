package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	lines := `{"Action":"pass","Package":"a","Test":"T1","Elapsed":2}
{"Action":"pass","Package":"a","Test":"T1/one","Elapsed":9}
{"Action":"pass","Package":"b","Test":"T4","Elapsed":3}
{"Action":"skip","Package":"a","Test":"T2"}
{"Action":"output","Package":"a","Test":"T3","Output":"boom\n"}
{"Action":"fail","Package":"a","Test":"T3"}
{"Action":"fail","Package":"a"}
{"Action":"fail","Package":"does-not-build"}
not json`
	got, err := count(strings.NewReader(lines), io.Discard)
	if got.passed != 3 || got.failed != 2 || got.skipped != 1 || err != nil {
		t.Errorf("%d passed, %d failed, %d skipped, %v; want 3, 2, 1", got.passed, got.failed, got.skipped, err)
	}
	if want := []timed{{"b T4", 3}, {"a T1", 2}}; !slices.Equal(got.slow, want) {
		t.Errorf("slowest %v, want %v", got.slow, want)
	}
}
