package cli

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/operator/installation"
	"github.com/meshmanager/smm/internal/platform"
)

// refuseWhenOperated fails on a cluster that an operator manages: it would undo what a command does there, or do it
// at the same time.
func refuseWhenOperated(ctx context.Context, config *rest.Config) error {
	c, err := newClient(config)
	if err != nil {
		return err
	}
	return installation.Refuse(ctx, c)
}

// leftToOperator has an operator do the work, where one manages the cluster.
func leftToOperator(ctx context.Context, config *rest.Config, installer *platform.Installer) (*platform.Installer, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	found, err := installation.Find(ctx, c)
	if err != nil || found == nil {
		return installer, err
	}
	return installer.Operated(), nil
}
