package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ticking returns a clock that advances by a second at each reading.
func ticking() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func TestProgressWithoutATerminalPrintsPlainLines(t *testing.T) {
	var out bytes.Buffer
	app := newApp(Build{}, nil, nil, &out)
	progress := app.Progress(t.Context())
	progress.clock = ticking()

	istiod := progress.Step("istiod")
	istiod.Update("waiting for the deployment")
	istiod.Update("waiting for the deployment") // said already
	istiod.Done("available")
	istiod.Done("available") // ended already
	progress.Step("gateway").Fail(errors.New("no address:\n  pool is empty"))

	want := strings.Join([]string{
		"• istiod",
		"• istiod ❯ waiting for the deployment",
		"✓ istiod ❯ available (1.0s)",
		"• gateway",
		"✗ gateway ❯ no address:; pool is empty (1.0s)",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestSpinnerLeavesOnlyFinishedStepsOnTheScreen(t *testing.T) {
	var out bytes.Buffer
	app := newApp(Build{}, nil, nil, &out)
	progress := app.Progress(t.Context())
	progress.clock = ticking()
	progress.live = &spinner{out: &out, width: 80}

	first, second := progress.Step("first"), progress.Step("second")
	first.Update("half way")
	second.Done("ready")
	first.Done("ready")

	want := []string{"✓ second ❯ ready (1.0s)", "✓ first ❯ ready (3.0s)"}
	if diff := cmp.Diff(want, screen(out.String())); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
}

// screen replays what was written to a terminal that knows "cursor up" and "clear to the end".
func screen(written string) []string {
	lines := []string{}
	for len(written) > 0 {
		if rest, up := strings.CutPrefix(written, "\x1b["); up {
			count := int(rest[0] - '0')
			lines = lines[:len(lines)-count]
			written = strings.TrimPrefix(rest[1:], "A\r\x1b[J")
			continue
		}
		line, rest, _ := strings.Cut(written, "\n")
		lines = append(lines, line)
		written = rest
	}
	return lines
}

func TestCutKeepsLinesWithinTheTerminal(t *testing.T) {
	if got, want := cut("abcdefghij", 6), "abcd…"; got != want {
		t.Errorf("cut = %q, want %q", got, want)
	}
	if got := cut("abc", 80); got != "abc" {
		t.Errorf("cut = %q, want it unchanged", got)
	}
}
