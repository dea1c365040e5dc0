// Package crilog writes container output to files in the format of Kubernetes' container runtimes.
package crilog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// maxLine is the length from which on a line is written in parts.
const maxLine = 16 << 10

// Log is the log file of one container. Its streams may be written concurrently.
type Log struct {
	path  string
	limit int64
	files int

	mu   sync.Mutex
	file *os.File
	size int64
	err  error
}

// Create begins the file. When it grows past limit bytes it is renamed, with the time as suffix, and begun
// again; of these files the newest are kept, with the current one at most files of them.
func Create(path string, limit int64, files int) (*Log, error) {
	l := &Log{path: path, limit: limit, files: files}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return l, l.open()
}

func (l *Log) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Close closes the file and returns the first error that a write met.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}

// Stream returns a writer for one of the container's streams, stdout or stderr. It never fails: a container must
// not stop because its log cannot be written. Close it to write what is left of a line without end.
func (l *Log) Stream(name string) *Stream {
	return &Stream{log: l, name: name}
}

// append adds whole entries and rotates between them.
func (l *Log) append(entries []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.file.Write(entries)
	l.size += int64(n)
	if err == nil && l.size > l.limit {
		err = l.rotate()
	}
	if l.err == nil && err != nil {
		l.err = fmt.Errorf("write container log: %w", err)
	}
}

func (l *Log) rotate() error {
	if err := os.Rename(l.path, l.path+time.Now().UTC().Format(".20060102-150405.000000000")); err != nil {
		return err
	}
	old := l.file
	if err := l.open(); err != nil {
		return err
	}
	rotated, err := Rotated(l.path)
	if err != nil {
		return err
	}
	for len(rotated) >= l.files {
		if err := os.Remove(rotated[0]); err != nil {
			return err
		}
		rotated = rotated[1:]
	}
	return old.Close()
}

// Rotated lists the files that path was renamed to, oldest first.
func Rotated(path string) ([]string, error) {
	names, err := filepath.Glob(path + ".*")
	slices.Sort(names)
	return names, err
}

// Stream is one of the streams of a Log. It is not for concurrent use.
type Stream struct {
	log  *Log
	name string
	line []byte
}

// Write writes the lines that are complete and keeps the rest.
func (s *Stream) Write(p []byte) (int, error) {
	var entries bytes.Buffer
	now := time.Now()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte{'\n'})
		if room := maxLine - len(s.line); len(part) > room {
			part, after, ended = part[:room], rest[room:], false
		}
		s.line = append(s.line, part...)
		rest = after
		switch {
		case ended:
			s.entry(&entries, now, 'F')
		case len(s.line) == maxLine:
			s.entry(&entries, now, 'P')
		}
	}
	if entries.Len() > 0 {
		s.log.append(entries.Bytes())
	}
	return len(p), nil
}

// Close writes what is left of the last line.
func (s *Stream) Close() error {
	if len(s.line) > 0 {
		var entries bytes.Buffer
		s.entry(&entries, time.Now(), 'P')
		s.log.append(entries.Bytes())
	}
	return nil
}

func (s *Stream) entry(to *bytes.Buffer, now time.Time, tag byte) {
	to.Write(now.UTC().AppendFormat(nil, time.RFC3339Nano))
	fmt.Fprintf(to, " %s %c ", s.name, tag)
	to.Write(s.line)
	to.WriteByte('\n')
	s.line = s.line[:0]
}
