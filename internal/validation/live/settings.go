package live

import (
	"context"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// settings reads the ConfigMaps of control planes, the Secrets of remote clusters, and the Secrets with certificates
// that gateways name: clusters may hold thousands of others.
func (r *reader) settings(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrent)
	configMaps, err := schemaOf(validation.ConfigMap)
	if err != nil {
		return err
	}
	for namespace := range controlPlaneNamespaces(r.result.Change.Set) {
		group.Go(func() error {
			return r.list(ctx, listing{schema: configMaps, path: path(configMaps, namespace), keep: isIstioSetting})
		})
	}
	group.Go(func() error { return r.secrets(ctx) })
	return group.Wait()
}

// remoteSecrets are the credentials of other clusters.
func remoteSecrets(secrets *decode.Schema) listing {
	return listing{schema: secrets, path: path(secrets, ""), parameters: []string{"labelSelector", "istio/multiCluster=true"}}
}

func controlPlaneNamespaces(objects []*validation.Object) map[string]bool {
	namespaces := map[string]bool{istio.DefaultNamespace: true}
	for _, o := range objects {
		if o.Kind == validation.IstioControlPlane || o.Kind == validation.Deployment && o.Labels["app"] == "istiod" {
			namespaces[o.Namespace] = true
		}
	}
	return namespaces
}

func (r *reader) secrets(ctx context.Context) error {
	secrets, err := schemaOf(validation.Secret)
	if err != nil {
		return err
	}
	wanted := certificates(r.result.Change.Set)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(concurrent)
	for key := range wanted {
		group.Go(func() error {
			err := r.get(groupCtx, secrets, key.namespace, key.name)
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
	}
	err = group.Wait()
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		r.note("you may not read the secrets that gateways name in cluster %s: certificates are not checked", r.cluster)
		return nil
	case err != nil:
		return err
	}
	return r.list(ctx, remoteSecrets(secrets))
}

type key struct{ namespace, name string }

// certificates are the Secrets that gateways name. The namespace of an Istio Gateway's certificate is that of its pods.
func certificates(objects []*validation.Object) map[key]bool {
	wanted := map[key]bool{}
	for _, o := range objects {
		switch spec := o.Spec.(type) {
		case *networking.Gateway:
			for _, server := range spec.GetServers() {
				if name := server.GetTls().GetCredentialName(); name != "" {
					for _, namespace := range podNamespaces(objects, spec.GetSelector()) {
						wanted[key{namespace, name}] = true
					}
				}
			}
		case *gatewayv1.GatewaySpec:
			for _, listener := range spec.Listeners {
				if listener.TLS == nil {
					continue
				}
				for _, reference := range listener.TLS.CertificateRefs {
					namespace := o.Namespace
					if reference.Namespace != nil {
						namespace = string(*reference.Namespace)
					}
					wanted[key{namespace, string(reference.Name)}] = true
				}
			}
		}
	}
	return wanted
}

func podNamespaces(objects []*validation.Object, selector map[string]string) []string {
	found := map[string]bool{}
	var namespaces []string
	for _, o := range objects {
		if o.Kind != validation.Pod || found[o.Namespace] {
			continue
		}
		fits := true
		for name, value := range selector {
			fits = fits && o.Labels[name] == value
		}
		if fits {
			found[o.Namespace] = true
			namespaces = append(namespaces, o.Namespace)
		}
	}
	return namespaces
}
