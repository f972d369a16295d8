package console

import (
	"context"
	"time"

	"attendant/dialog"
	"attendant/dialog/flow"
	"attendant/dialog/knowledge"
)

// Content is what designers edit: the files of a company. Any goroutine may use
// it; what changes blocks until calls use it. ErrNoEntry, ErrTaken, ErrStale, and
// *FileFaults.
type Content interface {
	// Flows and Articles are what a call that begins now uses.
	Flows() *flow.Set
	Articles() *knowledge.Base
	File(ctx context.Context, path string) (File, error)
	// Past are a file's versions, the newest first.
	Past(ctx context.Context, path string) ([]File, error)
	// Check tells what is wrong with the files as they would be after changes; a
	// nil text takes a file away.
	Check(ctx context.Context, changes map[string]*string) error
	// Save keeps a file, and has calls use it from the next one on. was is the
	// version that the change was made of: 0 is any, -1 a file that is not there; a
	// nil text removes.
	Save(ctx context.Context, author, path string, text *string, was int) (File, error)
	// Talk begins a conversation by the files as they would be after changes. It
	// reaches no system but a copy of the embedded one, and leaves no record.
	Talk(ctx context.Context, changes map[string]*string, o dialog.Chat, tell func(dialog.Exchange)) (Talk, error)
}

// Talk is a conversation that a designer tries. One goroutine at a time uses it.
type Talk interface {
	Say(ctx context.Context, line string)
	Over() bool
	Close(ctx context.Context) error
}

// File is a version of a company's file.
type File struct {
	Path    string    `json:"path"`
	Version int       `json:"version" doc:"the ETag"`
	Author  string    `json:"author"`
	At      time.Time `json:"at"`
	Removed bool      `json:"removed,omitempty"`
	Text    string    `json:"text"`
}

// FileFault is what is wrong in a line of a file.
type FileFault struct {
	Path string `json:"path,omitempty"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
}

// FileFaults are all that is wrong with a company's files.
type FileFaults struct{ List []FileFault }

// Error implements error.
func (f *FileFaults) Error() string {
	if len(f.List) == 0 {
		return "no fault"
	}
	return f.List[0].Text
}
