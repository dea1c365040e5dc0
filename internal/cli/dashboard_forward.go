package cli

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/apiclient"
	"github.com/meshmanager/smm/internal/kube/podforward"
	"github.com/meshmanager/smm/internal/platform"
)

// serverInCluster leads to the server that runs in the cluster; nil, with the reason for the user, where none can be reached:
// "" where there is none.
func serverInCluster(ctx context.Context, config *rest.Config) (server *podforward.Pods, reason string, err error) {
	pods, err := podforward.ToPods(config, platform.SystemNamespace, platform.ApplicationSelector(), platform.ApplicationPodPort)
	if err != nil {
		return nil, "", err
	}
	_, err = pods.Find(ctx)
	switch {
	case err == nil:
		return pods, "", nil
	case errors.Is(err, podforward.ErrNoPod):
		return nil, "", nil
	case apierrors.IsForbidden(err):
		return nil, fmt.Sprintf("you may not list pods in namespace %s, so a server in the cluster cannot be reached", platform.SystemNamespace), nil
	}
	return nil, "", err
}

// forwardDashboard opens the dashboard of the server in the cluster at a port of this machine, until ctx ends.
func forwardDashboard(ctx context.Context, app *App, options dashboardOptions, server *podforward.Pods) error {
	listener, err := listenLocally(options.port)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- server.Forward(ctx, listener, func(err error) { app.warn("%v", err) }) }()
	address := "http://" + listener.Addr().String()
	if err := openSignedIn(ctx, app, options, address); err != nil {
		return err
	}
	fmt.Fprintf(app.Err, "It is the server in the cluster, through namespace %s, until you press Ctrl-C. To sign in another browser: smm login --url %s\n",
		platform.SystemNamespace, address)
	return <-ended
}

// openSignedIn signs in at a server and opens its dashboard; without signing in where nobody does.
func openSignedIn(ctx context.Context, app *App, options dashboardOptions, address string) error {
	signed, err := signIn(ctx, app, address, false)
	if errors.Is(err, apiclient.ErrAnonymous) {
		return openDashboard(ctx, app, options, address, "")
	}
	if err != nil {
		return err
	}
	return openDashboard(ctx, app, options, signed.Server, signed.LoginToken)
}
