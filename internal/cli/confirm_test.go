package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestConfirmTakesOnlyYesForYes(t *testing.T) {
	tests := map[string]error{"y\n": nil, "Yes\n": nil, "\n": errDeclined, "no\n": errDeclined, "": errDeclined}
	for answer, want := range tests {
		var out bytes.Buffer
		if err := confirm(t.Context(), strings.NewReader(answer), &out, "Remove it?"); !errors.Is(err, want) {
			t.Errorf("answer %q: %v, want %v", answer, err, want)
		}
		if out.String() != "Remove it? [y/N] " {
			t.Errorf("question: %q", out.String())
		}
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	in, _ := io.Pipe() // nobody ever answers
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := confirm(ctx, in, io.Discard, "Remove it?"); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func TestConfirmDoesNotAskWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	app := newApp(Build{}, strings.NewReader("n\n"), &out, &out)
	if err := app.Confirm(t.Context(), "Remove it?"); err != nil || out.Len() > 0 {
		t.Errorf("error %v, output %q", err, out.String())
	}
}
