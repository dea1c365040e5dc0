// Command generate writes the recording rules for a Prometheus that the product does not install to the given file.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/meshmanager/smm/internal/telemetry"
)

// interval is how often a Prometheus collects that nobody told otherwise in its common set-ups.
const interval = 15 * time.Second

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate <file>")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(path string) error {
	rules, err := telemetry.RecordingRules(interval)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte("# Generated. For a Prometheus that collects every 15 seconds.\n"), rules...), 0o644)
}
