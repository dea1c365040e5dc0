package demoapp

import (
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Application is the demo application on one cluster, for commands: they write the DemoApplication and run its
// reconciler from here, whether or not an operator runs it too.
type Application struct {
	client     client.WithWatch
	clientset  kubernetes.Interface // for requests to pods through the API server
	applier    *kube.Applier
	reconciler *kube.Reconciler[*smmv1alpha1.DemoApplication]
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
	applier := kube.NewApplier(c)
	return &Application{client: c, clientset: clientset, applier: applier, reconciler: NewReconciler(c, applier)}, nil
}

// keyOf is the DemoApplication that commands write in a namespace.
func keyOf(namespace string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: namespace}
}

// commandsOwner marks a DemoApplication and a namespace that a command wrote, as opposed to those that users apply.
func commandsOwner() kube.Owner {
	return kube.Owner{Kind: "ServiceMeshManager", Name: "cli"}
}
