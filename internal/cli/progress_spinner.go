package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/term"
)

const spinnerInterval = 100 * time.Millisecond

// spinner keeps the lines of the running steps at the bottom of a terminal. Its owner guards it with a lock.
type spinner struct {
	out     io.Writer
	width   int
	steps   []*Step
	drawn   int // lines on the screen now
	frame   int
	running bool
}

func (s *spinner) add(step *Step) { s.steps = append(s.steps, step) }

func (s *spinner) remove(step *Step) {
	s.steps = slices.DeleteFunc(s.steps, func(other *Step) bool { return other == step })
}

// begin tells whether the caller must start the animation.
func (s *spinner) begin() bool {
	if s.running {
		return false
	}
	s.running = true
	return true
}

// erase takes the running steps' lines off the screen and leaves the cursor where they began.
func (s *spinner) erase() {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\r\x1b[J", s.drawn)
	}
	s.drawn = 0
}

func (s *spinner) draw() {
	s.erase()
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	mark := string(frames[s.frame%len(frames)])
	for _, step := range s.steps {
		fmt.Fprintln(s.out, cut(step.line(mark, painter{}), s.width))
	}
	s.drawn = len(s.steps)
}

// spin animates until no step runs or the command's context ends.
func (b *board) spin() {
	ticker := time.NewTicker(spinnerInterval)
	defer ticker.Stop()
	for {
		select {
		case <-b.ctx.Done():
			b.mu.Lock()
			b.live.running = false
			b.mu.Unlock()
			return
		case <-ticker.C:
			b.mu.Lock()
			if len(b.live.steps) == 0 {
				b.live.running = false
				b.mu.Unlock()
				return
			}
			b.live.frame++
			b.live.draw()
			b.mu.Unlock()
		}
	}
}

// cut shortens a line to the terminal's width, because a wrapped line cannot be erased.
func cut(line string, width int) string {
	runes := []rune(line)
	if width <= 1 || len(runes) < width {
		return line
	}
	return string(runes[:width-2]) + "…"
}

// terminalWidth returns the number of columns, or 80 when the terminal does not tell.
func terminalWidth(stream any) int {
	if file, ok := stream.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
