package cli

import (
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/pflag"

	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server"
	"github.com/meshmanager/smm/internal/server/admission"
)

// admissionOptions are the flags for admission warnings.
type admissionOptions struct {
	address  string
	host     string
	webhooks string
}

func (o *admissionOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.address, "admission-address", "", "`address` to warn on who changes configuration, by admission reviews of the API server (default: nobody is warned)")
	flags.StringVar(&o.host, "admission-host", platform.WarningsHost, "`name` by which the API server reaches that address")
	flags.StringVar(&o.webhooks, "admission-webhooks", "", "`name` of the ValidatingWebhookConfiguration that gets the certificate of that address")
}

// server is what warns; nil when nobody is to be warned.
func (o *admissionOptions) server(s *server.Server, log *slog.Logger) (*admission.Server, error) {
	if o.address == "" {
		return nil, nil
	}
	if o.webhooks == "" {
		return nil, usageErrorf("--admission-address needs --admission-webhooks, the name of the configuration by which the API server asks")
	}
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		return nil, fmt.Errorf("serve admission reviews on %s: %w", o.address, err)
	}
	own := s.Clusters.Own()
	warner := admission.NewWarner(own.Name, s.Observers.Board, own.Reviewer())
	return &admission.Server{
		Handler: admission.NewHandler(warner), Listener: listener, Name: o.host,
		Configurations: own.Webhooks(), Configuration: o.webhooks, Log: log,
	}, nil
}
