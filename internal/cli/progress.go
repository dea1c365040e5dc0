package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Progress shows what a command is doing: one spinner line for each running step on a terminal, plain lines elsewhere.
// It is safe for concurrent use.
type Progress struct {
	*board
	subject string // what the steps are about, before their names
}

// board is where the lines go.
type board struct {
	ctx   context.Context
	out   io.Writer
	paint painter
	clock func() time.Time

	mu   sync.Mutex
	live *spinner // nil where there is no terminal to draw on
}

// Progress returns a printer to Err. A spinner stops when ctx ends.
func (a *App) Progress(ctx context.Context) *Progress {
	b := &board{ctx: ctx, out: a.Err, clock: time.Now, paint: a.painter(a.Err)}
	if b.paint.color && a.Verbose == 0 { // log lines would break a spinner
		b.live = &spinner{out: a.Err, width: terminalWidth(a.Err)}
	}
	return &Progress{board: b}
}

// About returns a printer to the same place whose steps begin with a subject, such as one of several clusters.
func (p *Progress) About(subject string) *Progress {
	return &Progress{board: p.board, subject: subject + ": "}
}

// painter returns one that uses colours where they are wanted and the stream is a terminal that understands them.
func (a *App) painter(stream any) painter {
	return painter{color: !a.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(stream)}
}

// Step is one line of progress: begun by Progress.Step, ended by Done or Fail.
type Step struct {
	board   *board
	name    string
	message string
	started time.Time
	ended   bool
}

// Step begins a step and shows its name.
func (p *Progress) Step(name string) *Step {
	step := &Step{board: p.board, name: p.subject + name, started: p.clock()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == nil {
		p.println(p.paint.running(), step)
		return step
	}
	p.live.add(step)
	if p.live.begin() {
		go p.spin()
	}
	return step
}

// Update says what the step is doing now; a message that did not change is not printed again.
func (s *Step) Update(message string) {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.ended || s.message == message {
		return
	}
	s.message = message
	if b.live != nil {
		b.live.draw()
		return
	}
	b.println(b.paint.running(), s)
}

// Done ends the step with its result, for example "available"; the time it took is added.
func (s *Step) Done(message string) { s.end(s.board.paint.done(), message) }

// Fail ends the step with the reason; the command still returns the error, which is printed once at the end.
func (s *Step) Fail(err error) { s.end(s.board.paint.failed(), oneLine(err)) }

func (s *Step) end(mark, message string) {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.message = fmt.Sprintf("%s %s", message, b.paint.faint(fmt.Sprintf("(%.1fs)", b.clock().Sub(s.started).Seconds())))
	if b.live == nil {
		b.println(mark, s)
		return
	}
	b.live.erase()
	b.live.remove(s)
	b.println(mark, s)
	b.live.draw()
}

func (b *board) println(mark string, step *Step) {
	fmt.Fprintln(b.out, step.line(mark, b.paint))
}

func (s *Step) line(mark string, paint painter) string {
	if s.message == "" {
		return fmt.Sprintf("%s %s", mark, s.name)
	}
	return fmt.Sprintf("%s %s %s %s", mark, s.name, paint.faint("❯"), s.message)
}

// painter marks and colours lines, or only marks them.
type painter struct{ color bool }

func (p painter) running() string          { return "•" }
func (p painter) done() string             { return p.wrap("32", "✓") }
func (p painter) failed() string           { return p.wrap("31", "✗") }
func (p painter) warning() string          { return p.wrap("33", "!") }
func (p painter) faint(text string) string { return p.wrap("2", text) }

func (p painter) wrap(code, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
