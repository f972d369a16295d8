package main

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// overlay is a company's folder whose managed files, those that designers edit,
// are texts of ours: those of the folder itself are not seen.
type overlay struct {
	below fs.FS
	texts map[string]string // by path
}

// managed reports whether a file of a company is one that designers edit.
func managed(name string) bool {
	for _, pattern := range []string{"company.yaml", "flows/*.yaml", "articles/*.md"} {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}

// managedFiles reads the managed files of a company's folder.
func managedFiles(files fs.FS) (map[string]string, error) {
	out := map[string]string{}
	for _, pattern := range []string{"company.yaml", "flows/*.yaml", "articles/*.md"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, err
			}
			out[name] = string(data)
		}
	}
	return out, nil
}

// with is the overlay with some files changed; nil takes one away.
func (o overlay) with(changes map[string]*string) overlay {
	texts := maps.Clone(o.texts)
	for name, text := range changes {
		if text == nil {
			delete(texts, name)
			continue
		}
		texts[name] = *text
	}
	return overlay{o.below, texts}
}

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	if !managed(name) {
		return o.below.Open(name)
	}
	text, ok := o.texts[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &textFile{name: path.Base(name), size: int64(len(text)), Reader: bytes.NewReader([]byte(text))}, nil
}

// Glob implements fs.GlobFS.
func (o overlay) Glob(pattern string) ([]string, error) {
	below, err := fs.Glob(o.below, pattern)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(below, managed)
	for name := range o.texts {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// textFile is an open file of a text.
type textFile struct {
	io.Reader
	name string
	size int64
}

// Stat implements fs.File; the file is its own info.
func (f *textFile) Stat() (fs.FileInfo, error) { return f, nil }

// Close implements fs.File.
func (f *textFile) Close() error { return nil }

// Name implements fs.FileInfo.
func (f *textFile) Name() string { return f.name }

// Size implements fs.FileInfo.
func (f *textFile) Size() int64 { return f.size }

// Mode implements fs.FileInfo.
func (f *textFile) Mode() fs.FileMode { return 0o444 }

// ModTime implements fs.FileInfo.
func (f *textFile) ModTime() time.Time { return time.Time{} }

// IsDir implements fs.FileInfo.
func (f *textFile) IsDir() bool { return false }

// Sys implements fs.FileInfo.
func (f *textFile) Sys() any { return nil }
