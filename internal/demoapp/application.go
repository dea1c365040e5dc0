package demoapp

import (
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/kube"
)

// Application is the demo application on one cluster.
type Application struct {
	client    client.WithWatch
	clientset kubernetes.Interface // for requests to pods through the API server
	applier   *kube.Applier
}

// New connects to a cluster.
func New(config *rest.Config) (*Application, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Application{client: c, clientset: clientset, applier: kube.NewApplier(c)}, nil
}

// owner marks the objects of the application in a namespace.
func owner(namespace string) kube.Owner {
	return kube.Owner{Kind: "DemoApplication", Namespace: namespace, Name: namespace}
}
