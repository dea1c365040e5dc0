package cli

import (
	"fmt"
	"net/url"

	"github.com/spf13/pflag"

	"github.com/meshmanager/smm/internal/server/graph"
)

// servingOptions are the flags of all commands that serve the dashboard.
type servingOptions struct {
	metrics metricsOptions
	// tools are where the dashboard leads to for more.
	tools graph.Tools
}

func (o *servingOptions) register(flags *pflag.FlagSet) {
	o.metrics.register(flags)
	flags.StringVar(&o.tools.Grafana, "grafana-url", "", "`URL` of the Grafana with Istio's dashboards, for links in the dashboard")
	flags.StringVar(&o.tools.Jaeger, "jaeger-url", "", "`URL` of Jaeger, for links in the dashboard")
}

// check fails for an address that no browser could open.
func (o *servingOptions) check() error {
	for flag, address := range map[string]string{"--grafana-url": o.tools.Grafana, "--jaeger-url": o.tools.Jaeger} {
		parsed, err := url.Parse(address)
		if address != "" && (err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "") {
			return fmt.Errorf("%s %s: give an address such as https://tools.example.org/grafana", flag, address)
		}
	}
	return nil
}
