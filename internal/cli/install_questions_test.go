package cli

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// The documented questions are asked, in accessible mode as lines of text, and what enter means is
// what they say.
func TestInstallAsksWhatToInstall(t *testing.T) {
	for name, test := range map[string]struct {
		answers string
		want    choice
		asked   int
	}{
		"enter accepts Istio and skips the demo": {"\n\n", choice{istio: true}, 2},
		"with the demo":                          {"y\nyes\n", choice{istio: true, demo: true}, 2},
		"without Istio there is no demo":         {"n\n", choice{}, 1},
		"nonsense is asked again":                {"perhaps\nn\n", choice{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			// A terminal gives one line at a time.
			got, err := askWhatToInstall(t.Context(), iotest.OneByteReader(strings.NewReader(test.answers)), &out, true)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("wanted %+v; want %+v", got, test.want)
			}
			if diff := cmp.Diff([]bool{true, test.asked > 1}, []bool{
				strings.Contains(out.String(), "Install istio-operator (recommended). Press enter to accept [Y/n]"),
				strings.Contains(out.String(), "Install and run demo application (optional). Press enter to skip [y/N]"),
			}); diff != "" {
				t.Errorf("questions asked:\n%s\n%s", diff, out.String())
			}
		})
	}
}

// Without a terminal, or where the user wants no questions, the command line has to say it all.
func TestInstallAsksOnlyOnATerminal(t *testing.T) {
	for _, args := range [][]string{{"install"}, {"install", "--non-interactive"}} {
		code, out, errOut := run(t, args...)
		if code != exitUsage || out != "" || !strings.Contains(errOut, "-a installs all components") {
			t.Errorf("%v: exit code %d, output %q, error output %q", args, code, out, errOut)
		}
	}
}
