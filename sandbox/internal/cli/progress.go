package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// step shows that something is under way: on a terminal as one line that
// changes in place, elsewhere as a line for each change.
type step struct {
	out      io.Writer
	terminal bool
	stop     chan struct{}
	stopped  chan struct{}

	mu   sync.Mutex
	line string
}

const spinInterval = 100 * time.Millisecond

// eraseLine returns to the start of the line and empties it.
const eraseLine = "\r\x1b[K"

func newStep(out io.Writer, line string) *step {
	s := &step{out: out, line: line, stop: make(chan struct{}), stopped: make(chan struct{})}
	if file, ok := out.(*os.File); ok {
		s.terminal = term.IsTerminal(int(file.Fd()))
	}
	if s.terminal {
		go s.spin()
	} else {
		close(s.stopped)
		fmt.Fprintln(out, line)
	}
	return s
}

// update says what changed, and what there is to say altogether.
func (s *step) update(change, altogether string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = altogether
	if !s.terminal {
		fmt.Fprintln(s.out, change)
	}
}

func (s *step) done(line string) {
	s.end()
	fmt.Fprintln(s.out, line)
}

func (s *step) fail() { s.end() }

func (s *step) end() {
	close(s.stop)
	<-s.stopped
}

func (s *step) spin() {
	defer close(s.stopped)
	tick := time.NewTicker(spinInterval)
	defer tick.Stop()
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	for i := 0; ; i++ {
		s.mu.Lock()
		fmt.Fprintf(s.out, "%s%c %s", eraseLine, frames[i%len(frames)], s.line)
		s.mu.Unlock()
		select {
		case <-s.stop:
			fmt.Fprint(s.out, eraseLine)
			return
		case <-tick.C:
		}
	}
}
