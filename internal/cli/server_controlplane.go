package cli

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/telemetry"
)

// backends are those that the flags name, or else the one that the ControlPlane asks for.
func (o *metricsOptions) backends(ctx context.Context, config *rest.Config, clusterName string) (*telemetry.Mesh, error) {
	mesh, err := o.mesh()
	if err != nil || len(mesh.Backends) > 0 {
		return mesh, err
	}
	return controlPlaneMesh(ctx, config, clusterName)
}

// controlPlaneMesh is the metrics backend that the cluster's ControlPlane asks for; none where it asks for none. The
// product's own has the metrics of its cluster only.
func controlPlaneMesh(ctx context.Context, config *rest.Config, clusterName string) (*telemetry.Mesh, error) {
	mesh := &telemetry.Mesh{}
	endpoint, err := metricsEndpoint(ctx, config)
	if err != nil || endpoint == nil {
		return mesh, err
	}
	settings, err := endpointSettings(ctx, config, endpoint)
	if err != nil {
		return nil, err
	}
	if endpoint.URL != "" {
		clusterName = ""
	}
	backend, err := telemetry.NewBackend(clusterName, settings, endpoint.Interval)
	if err != nil {
		return nil, err
	}
	mesh.Backends = append(mesh.Backends, backend)
	return mesh, nil
}

// metricsEndpoint is what a cluster's ControlPlane says of its metrics; nil where it asks for none.
func metricsEndpoint(ctx context.Context, config *rest.Config) (*platform.MetricsEndpoint, error) {
	c, err := controlPlaneClient(config)
	if err != nil {
		return nil, err
	}
	cp := &smmv1alpha1.ControlPlane{}
	err = c.Get(ctx, client.ObjectKey{Name: platform.ControlPlaneName}, cp)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ControlPlane %s: %w", platform.ControlPlaneName, err)
	}
	return platform.Metrics(&cp.Spec)
}

func controlPlaneClient(config *rest.Config) (client.Client, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return c, nil
}

// throughAPIServer say how the product's own metrics are reached from outside of their cluster.
func throughAPIServer(config *rest.Config, endpoint *platform.MetricsEndpoint) (telemetry.Settings, error) {
	transport, err := rest.TransportFor(config)
	if err != nil {
		return telemetry.Settings{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return telemetry.Settings{}, fmt.Errorf("connect to the cluster: %w", err)
	}
	url := server.JoinPath("api/v1/namespaces", platform.SystemNamespace, "services",
		fmt.Sprintf("%s:%d", endpoint.Service, endpoint.Port), "proxy", endpoint.Path)
	return telemetry.Settings{URL: url.String(), Transport: transport}, nil
}

// endpointSettings say how an endpoint is reached: the product's own Prometheus from within the cluster by its Service, from
// outside through the API server.
func endpointSettings(ctx context.Context, config *rest.Config, endpoint *platform.MetricsEndpoint) (telemetry.Settings, error) {
	settings := telemetry.Settings{URL: endpoint.URL}
	switch {
	case endpoint.URL == "" && os.Getenv("KUBERNETES_SERVICE_HOST") != "":
		settings.URL = fmt.Sprintf("http://%s.%s.svc:%d%s", endpoint.Service, platform.SystemNamespace, endpoint.Port, endpoint.Path)
	case endpoint.URL == "":
		return throughAPIServer(config, endpoint)
	case endpoint.Secret != "":
		c, err := controlPlaneClient(config)
		if err != nil {
			return settings, err
		}
		secret := &corev1.Secret{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: platform.SystemNamespace, Name: endpoint.Secret}, secret); err != nil {
			return settings, fmt.Errorf("read the credentials of the metrics backend: %w", err)
		}
		settings.Username, settings.Password = string(secret.Data["username"]), string(secret.Data["password"])
		settings.Token = string(secret.Data["token"])
	}
	return settings, nil
}
