package cli

import (
	"context"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
)

// Client connects to the chosen cluster and returns a client that knows Kubernetes' and the product's kinds.
func (a *App) Client(ctx context.Context) (client.Client, error) {
	config, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newClient(config)
}

func newClient(config *rest.Config) (client.Client, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	return client.New(config, client.Options{Scheme: scheme})
}
