package live

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/validation"
)

// istioDefaultClusterID is the cluster's name of an istiod that was not told one.
const istioDefaultClusterID = "Kubernetes"

// NameOf returns the name that a cluster has in the mesh, as its istiod knows it; "" when it has none.
func NameOf(ctx context.Context, config *rest.Config) (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	deployments, err := schemaOf(validation.Deployment)
	if err != nil {
		return "", err
	}
	r := &reader{rest: client.RESTClient()}
	r.result.Change.Know = map[string][]validation.Kind{}
	istiods := listing{schema: deployments, path: path(deployments, ""), parameters: []string{"labelSelector", "app=istiod"}}
	if err := r.list(ctx, istiods); err != nil {
		return "", err
	}
	for _, o := range r.result.Change.Set {
		for _, container := range validation.SpecOf[*appsv1.DeploymentSpec](o).Template.Spec.Containers {
			for _, variable := range container.Env {
				if variable.Name == "CLUSTER_ID" && variable.Value != "" && variable.Value != istioDefaultClusterID {
					return variable.Value, nil
				}
			}
		}
	}
	return "", nil
}
