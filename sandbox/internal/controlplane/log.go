package controlplane

import (
	"flag"
	"fmt"
	"io"

	"gopkg.in/natefinch/lumberjack.v2"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// logTo sends what the components say to a file of bounded size and returns
// the way to it for a component with a logger of its own.
func logTo(path string) (io.Writer, error) {
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr": "false", "alsologtostderr": "false", "one_output": "true", "stderrthreshold": "FATAL",
	} {
		if err := flags.Set(name, value); err != nil {
			return nil, fmt.Errorf("setting up the log: %w", err)
		}
	}
	out := &lumberjack.Logger{Filename: path, MaxSize: 20 /* MB */, MaxBackups: 1}
	klog.SetOutput(out)
	// The components' own clients watch deprecated resources on purpose.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	return out, nil
}
