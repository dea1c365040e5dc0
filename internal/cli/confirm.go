package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errDeclined ends a command that its user did not confirm.
var errDeclined = errors.New("not confirmed: nothing was changed")

// Confirm asks before something is destroyed, and fails unless the answer is yes. Without a terminal, or with
// --non-interactive, the command line itself is the confirmation.
func (a *App) Confirm(ctx context.Context, question string) error {
	if !a.Interactive() {
		return nil
	}
	return confirm(ctx, a.In, a.Err, question)
}

func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // the end of the input is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return errDeclined
	}
}
