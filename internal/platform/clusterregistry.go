package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	workloads "github.com/meshmanager/smm/internal/overlay"
	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/registry"
)

// clusterRegistrySettings are the fields of the ControlPlane, and what only valuesOverride can set.
type clusterRegistrySettings struct {
	smmv1alpha1.NamespacedComponent `json:",inline"`

	// APIServerEndpointAddress is where other clusters reach this cluster's API server, if not at
	// the address that it advertises.
	APIServerEndpointAddress string `json:"apiServerEndpointAddress,omitempty"`
}

// clusterRegistry is the component that keeps the clusters of a mesh known to each other. The
// address is where others reach this cluster's API server, "" for where it says itself.
func clusterRegistry(catalogue istio.Catalogue, apiServerAddress string) renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentClusterRegistry,
		wanted: wantsClusterRegistry,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			return clusterRegistryObjects(cp, catalogue, apiServerAddress)
		},
	}
}

func wantsClusterRegistry(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.ClusterRegistry != nil && isTrue(spec.ClusterRegistry.Enabled)
}

func clusterRegistrySettingsOf(spec *smmv1alpha1.ControlPlaneSpec, apiServerAddress string) (clusterRegistrySettings, error) {
	repository, tag, _ := strings.Cut(registry.DefaultImage, ":")
	defaults := clusterRegistrySettings{APIServerEndpointAddress: apiServerAddress}
	defaults.Namespace = registry.DefaultNamespace
	defaults.Image = &smmv1alpha1.Image{Repository: relocated(spec.RepositoryOverride, repository), Tag: tag}
	return settle(defaults, spec.ClusterRegistry, override{
		path: "spec.clusterRegistry.valuesOverride", values: spec.ClusterRegistry.ValuesOverride, managed: []string{"enabled", "namespace"},
	})
}

func clusterRegistryObjects(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue, apiServerAddress string) ([]*unstructured.Unstructured, error) {
	if cp.Spec.ClusterName == "" {
		return nil, errors.New("cannot determine cluster name: set spec.clusterName")
	}
	settings, err := clusterRegistrySettingsOf(&cp.Spec, apiServerAddress)
	if err != nil {
		return nil, err
	}
	network, err := networkOf(cp, catalogue)
	if err != nil {
		return nil, err
	}
	objects, err := registry.Objects(registry.Installation{
		Namespace: settings.Namespace, ClusterName: cp.Spec.ClusterName, Network: network,
		APIServerAddress: settings.APIServerEndpointAddress,
		Image:            settings.Image.Repository + ":" + settings.Image.Tag,
		LogDebug:         settings.Log != nil && strings.EqualFold(settings.Log.Level, "debug"),
	})
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		workload := placement(&cp.Spec)
		workload.Resources, workload.ImagePullPolicy = settings.Resources, settings.Image.PullPolicy
		workload.ImagePullSecrets = pullSecretsOf(&cp.Spec)
		if err := workloads.Workload(object, registry.ContainerName, &workload); err != nil {
			return nil, fmt.Errorf("the cluster registry's Deployment: %w", err)
		}
	}
	return append(objects, peering.SyncObjects()...), nil
}

// networkOf is the network of the cluster, as its control plane has it.
func networkOf(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) (string, error) {
	icp, err := IstioControlPlane(cp, catalogue)
	if err != nil {
		return "", err
	}
	network, _, err := unstructured.NestedString(icp.Object, "spec", "networkName")
	return network, err
}

func namespaceOfClusterRegistry(spec *smmv1alpha1.ControlPlaneSpec) string {
	return cmp.Or(spec.ClusterRegistry.Namespace, registry.DefaultNamespace)
}

// groupMember is the component with its objects kept on the cluster. The two ClusterRoles that others extend take an
// administrator's rights to make: where the operator runs, its chart brings them, and they are left to it.
type groupMember struct{ rendered }

func (m groupMember) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	objects, err := m.render(cp)
	if err != nil {
		return state{}, err
	}
	var own []*unstructured.Unstructured
	for _, object := range objects {
		if registry.IsAggregated(object) {
			live := object.DeepCopy()
			err := m.client.Get(ctx, client.ObjectKeyFromObject(object), live)
			if client.IgnoreNotFound(err) != nil {
				return state{}, fmt.Errorf("read %s: %w", kube.RefOf(object), err)
			}
			if err == nil && !ownerOf(cp).Owns(live) {
				continue
			}
		}
		own = append(own, object)
	}
	return m.keep(ctx, cp, m.key, own, save)
}
