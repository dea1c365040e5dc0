package container

import (
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// drainTime is how long output is read after a process ended, as long as something else holds its streams open.
const drainTime = 2 * time.Second

// stdio is the two ends of a process' standard streams. An end that is /dev/null has no counterpart.
type stdio struct {
	theirs         []*os.File // stdin, stdout, stderr of the process
	stdin          *os.File
	stdout, stderr *os.File
}

// openStdio makes pipes for the streams that are wanted.
func openStdio(stdin, stdout, stderr bool) (s stdio, err error) {
	pipe := func(wanted, input bool) (ours *os.File) {
		var r, w *os.File
		switch {
		case err != nil:
			return nil
		case !wanted:
			r, err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
			s.theirs = append(s.theirs, r)
			return nil
		}
		if r, w, err = os.Pipe(); err != nil {
			return nil
		}
		if input {
			s.theirs = append(s.theirs, r)
			return w
		}
		s.theirs = append(s.theirs, w)
		return r
	}
	s.stdin, s.stdout, s.stderr = pipe(stdin, true), pipe(stdout, false), pipe(stderr, false)
	if err != nil {
		s.closeTheirs()
		s.close()
	}
	return s, err
}

func (s *stdio) closeTheirs() {
	for _, f := range s.theirs {
		f.Close() // a file that could not be opened is nil, which Close takes
	}
	s.theirs = nil
}

// use replaces the pipes by a terminal, if there is one.
func (s *stdio) use(terminal *os.File) {
	if terminal != nil {
		s.stdin, s.stdout = terminal, terminal
	}
}

func (s *stdio) close() {
	for _, f := range []*os.File{s.stdin, s.stdout, s.stderr} {
		f.Close()
	}
}

// drain lets readers of the output end soon after the process did.
func (s *stdio) drain() {
	for _, f := range []*os.File{s.stdout, s.stderr} {
		f.SetReadDeadline(time.Now().Add(drainTime))
	}
}

// setSize tells a terminal its size, unless it is gone.
func setSize(terminal *os.File, size Size) {
	handle, err := terminal.SyscallConn()
	if err != nil {
		return
	}
	_ = handle.Control(func(fd uintptr) {
		_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: size.Height, Col: size.Width})
	})
}

// followSizes sets a terminal's size whenever it changes, until done.
func followSizes(terminal *os.File, sizes <-chan Size, done <-chan struct{}) {
	for {
		select {
		case size, ok := <-sizes:
			if !ok {
				return
			}
			setSize(terminal, size)
		case <-done:
			return
		}
	}
}

// fanOut copies what is written to writers that come and go; one that fails is dropped, a slow one slows the others down.
type fanOut struct {
	mu      sync.Mutex
	writers []io.Writer
}

func (f *fanOut) add(w io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writers = append(f.writers, w)
}

func (f *fanOut) remove(w io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writers = slices.DeleteFunc(f.writers, func(other io.Writer) bool { return other == w })
}

func (f *fanOut) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writers = slices.DeleteFunc(f.writers, func(w io.Writer) bool {
		_, err := w.Write(p)
		return err != nil
	})
	return len(p), nil
}
