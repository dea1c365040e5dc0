package controlplane

import (
	"cmp"
	"errors"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/peering"
)

// The defaults of fields that a specification leaves out.
const (
	DefaultClusterID   = "Kubernetes"
	DefaultNetworkName = peering.DefaultNetwork
)

// Values translates a specification into the values of Istio's istiod chart. mesh is the IstioMesh
// that the control plane belongs to, nil for none. It is pure: the same input gives the same
// values. What the chart cannot express is laid over the rendered objects.
func Values(spec *v1alpha1.IstioControlPlaneSpec, release istio.Release, namespace string, mesh *v1alpha1.IstioMesh) (map[string]any, error) {
	values := tree{}
	err := errors.Join(
		setIdentity(values, spec, namespace),
		setImages(values, spec, release),
		setIstiod(values, spec, namespace),
		setProxy(values, spec),
		setCNI(values, spec.ProxyInit),
		setInjection(values, spec),
		setMeshConfig(values, spec, mesh),
	)
	return values, err
}

func setIdentity(values tree, spec *v1alpha1.IstioControlPlaneSpec, namespace string) error {
	return errors.Join(
		values.set("global.istioNamespace", namespace),
		values.set("global.meshID", spec.MeshID),
		values.set("global.network", orDefault(spec.NetworkName, DefaultNetworkName)),
		values.set("global.multiCluster.clusterName", orDefault(spec.ClusterID, DefaultClusterID)),
		values.set("global.mountMtlsCerts", spec.MountMtlsCerts),
		values.set("global.caAddress", spec.CAAddress),
		values.set("global.caName", spec.CAProvider),
		// The webhook starts closed: istiod flipping it open and closed would be fought over.
		values.set("base.validationFailurePolicy", "Fail"),
	)
}

func setImages(values tree, spec *v1alpha1.IstioControlPlaneSpec, release istio.Release) error {
	err := setRegistry(values, spec.ContainerImageConfiguration, release)
	if spec.ProxyInit != nil {
		err = errors.Join(err, values.set("global.proxy_init.image", spec.ProxyInit.Image))
	}
	return err
}

// setRegistry sets where images come from, which the charts have in common.
func setRegistry(values tree, config *v1alpha1.ContainerImageConfig, release istio.Release) error {
	images := v1alpha1.ContainerImageConfig{}
	if config != nil {
		images = *config
	}
	return errors.Join(
		values.set("global.hub", orDefault(images.Hub, istio.DefaultHub)),
		values.set("global.tag", orDefault(images.Tag, release.ImageTag())),
		values.set("global.imagePullPolicy", images.ImagePullPolicy),
		values.set("global.imagePullSecrets", secretNames(images.ImagePullSecrets)),
	)
}

func secretNames(references []corev1.LocalObjectReference) []string {
	var names []string
	for _, reference := range references {
		names = append(names, reference.Name)
	}
	return names
}

func orDefault(value, fallback string) string {
	return cmp.Or(value, fallback)
}
