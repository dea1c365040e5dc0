// Package cluster is one cluster of the mesh as the server sees it: an inventory kept by watches, and connections that act
// with a user's rights.
package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	admissionregistrationclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/session"
)

// Cluster is one cluster of the mesh.
type Cluster struct {
	Name string
	// Inventory is read with the product's own rights: show of it only what Access allows.
	Inventory *inventory.Cache

	config    *rest.Config
	own       kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface
	access    *access.Reviewer
	reach     reach
	reading   reading
}

// New returns a cluster that is reached with the configuration's rights. Run keeps its inventory.
func New(name string, config *rest.Config) (*Cluster, error) {
	cache, err := inventory.NewCache(config, name)
	if err != nil {
		return nil, err
	}
	own, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", name, err)
	}
	return &Cluster{
		Name: name, Inventory: cache, config: config, own: own,
		discovery: memory.NewMemCacheClient(own.Discovery()),
		access:    access.NewReviewer(own.AuthorizationV1().SubjectAccessReviews(), time.Now),
		reading:   reading{done: make(chan struct{})},
	}, nil
}

// Run keeps the inventory, and knows whether the cluster can be reached, until the context ends.
func (c *Cluster) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { c.keepProbing(ctx) })
	running.Go(func() { c.noteRead(ctx) })
	return c.Inventory.Run(ctx)
}

// Config is the configuration with the product's own rights.
func (c *Cluster) Config() *rest.Config { return c.config }

// Version asks for Kubernetes' version.
func (c *Cluster) Version(ctx context.Context) (string, error) {
	content, err := c.own.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("ask cluster %s for its version: %w", c.Name, err)
	}
	return versionOf(content)
}

// As returns the configuration that acts with somebody's rights.
func (c *Cluster) As(someone session.Someone) *rest.Config {
	config := rest.CopyConfig(c.config)
	if !someone.OwnRights {
		config.Impersonate = someone.User.Impersonate()
	}
	return config
}

// Dynamic returns a client that acts with somebody's rights.
func (c *Cluster) Dynamic(someone session.Someone) (dynamic.Interface, error) {
	client, err := dynamic.NewForConfig(c.As(someone))
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", c.Name, err)
	}
	return client, nil
}

// Kubernetes returns a client that acts with somebody's rights.
func (c *Cluster) Kubernetes(someone session.Someone) (kubernetes.Interface, error) {
	client, err := kubernetes.NewForConfig(c.As(someone))
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", c.Name, err)
	}
	return client, nil
}

// Client returns a client for the product's own types that acts with somebody's rights.
func (c *Cluster) Client(someone session.Someone) (client.WithWatch, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	typed, err := client.NewWithWatch(c.As(someone), client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", c.Name, err)
	}
	return typed, nil
}

// HTTP returns a client for the API server's own address that acts with somebody's rights. It follows no redirects: what
// is behind the API server must not send anybody's rights elsewhere.
func (c *Cluster) HTTP(someone session.Someone) (*http.Client, *url.URL, error) {
	config := c.As(someone)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to cluster %s: %w", c.Name, err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	address, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to cluster %s: %w", c.Name, err)
	}
	return client, address, nil
}

// Allowed tells whether somebody may do something.
func (c *Cluster) Allowed(ctx context.Context, someone session.Someone, action access.Action) (bool, error) {
	if someone.OwnRights {
		return true, nil
	}
	return c.access.Allowed(ctx, someone.User, action)
}

// Reviewer tells what users may do in the cluster.
func (c *Cluster) Reviewer() *access.Reviewer { return c.access }

// Webhooks are the cluster's configurations of validating webhooks, with the product's own rights.
func (c *Cluster) Webhooks() admissionregistrationclient.ValidatingWebhookConfigurationInterface {
	return c.own.AdmissionregistrationV1().ValidatingWebhookConfigurations()
}

// Visible returns those of the namespaces in which somebody may do something, and whether that is everywhere.
func (c *Cluster) Visible(ctx context.Context, someone session.Someone, action access.Action, namespaces []string) ([]string, error) {
	if someone.OwnRights {
		return namespaces, nil
	}
	return c.access.Namespaces(ctx, someone.User, action, namespaces)
}
