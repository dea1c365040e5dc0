package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/meshmanager/smm/internal/telemetry"
)

// metricsOptions are the flags that name metrics backends.
type metricsOptions struct {
	urls         []string
	username     string
	passwordFile string
	tokenFile    string
	interval     time.Duration
}

func (o *metricsOptions) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.urls, "prometheus-url", nil,
		"`URL` of the Prometheus, Thanos or VictoriaMetrics with the metrics of all clusters, or cluster=URL for each cluster (default: the ControlPlane's)")
	flags.StringVar(&o.username, "prometheus-username", "", "`name` for basic authentication at the metrics backend")
	flags.StringVar(&o.passwordFile, "prometheus-password-file", "", "`file` with the password for basic authentication")
	flags.StringVar(&o.tokenFile, "prometheus-token-file", "", "`file` with a bearer token for the metrics backend")
	flags.DurationVar(&o.interval, "scrape-interval", 0, "`time` between two scrapes of the metrics backend (default 5s, or the ControlPlane's)")
}

// mesh are the backends that the flags name; none when they name none.
func (o *metricsOptions) mesh() (*telemetry.Mesh, error) {
	mesh := &telemetry.Mesh{}
	settings := telemetry.Settings{Username: o.username}
	var err error
	if settings.Password, err = secretIn(o.passwordFile); err != nil {
		return nil, err
	}
	if settings.Token, err = secretIn(o.tokenFile); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, text := range o.urls {
		cluster, url := "", text
		if name, rest, found := strings.Cut(text, "="); found && !strings.Contains(name, "/") {
			cluster, url = name, rest
		}
		if seen[cluster] || len(seen) > 0 && (cluster == "" || seen[""]) {
			return nil, fmt.Errorf("--prometheus-url %s counts metrics twice: give one URL for all clusters, or one for each", text)
		}
		seen[cluster] = true
		settings.URL = url
		backend, err := telemetry.NewBackend(cluster, settings, o.interval)
		if err != nil {
			return nil, fmt.Errorf("--prometheus-url: %w", err)
		}
		mesh.Backends = append(mesh.Backends, backend)
	}
	return mesh, nil
}

// secretIn reads a secret from a file; "" when there is none.
func secretIn(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the credentials of the metrics backend: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}
