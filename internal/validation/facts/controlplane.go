package facts

import (
	"encoding/json"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
)

// ControlPlane is one istiod of a cluster.
type ControlPlane struct {
	// Revision is Istio's: "default" for an istiod without one.
	Revision  string
	Namespace string
	// Ours tells that an IstioControlPlane describes it.
	Ours bool
	// Version of Istio, from the image's tag; empty when unknown.
	Version string
	// Mesh is the mesh config with Istio's defaults.
	Mesh *meshconfig.MeshConfig
	// ProxyImage is what would be injected now; empty when unknown.
	ProxyImage string
	// Object is the istiod Deployment, or the IstioControlPlane when there is no Deployment.
	Object *validation.Object
	// Network of the cluster's pods as the control plane has it; empty when not set.
	Network string
	// ClusterID is the cluster's name in the mesh.
	ClusterID string
	// Shared tells that Mesh is not all: istiod reads a second ConfigMap, whose name it has from its environment.
	Shared bool
}

// Label is the value by which namespaces select the control plane: <name>.<namespace> for ours.
func (p ControlPlane) Label() string {
	if p.Ours {
		return istio.Revision{Name: p.Revision, Namespace: p.Namespace}.Label()
	}
	return p.Revision
}

// controlPlaneKinds are the kinds that control planes are derived from.
func controlPlaneKinds() []validation.Kind {
	return []validation.Kind{validation.Deployment, validation.ConfigMap, validation.IstioControlPlane}
}

// ControlPlanes returns the control planes that run in the view's cluster, by namespace and name.
func ControlPlanes(v validation.View) []ControlPlane {
	return validation.Derived(v, "control planes", controlPlaneKinds(), findControlPlanes)
}

func findControlPlanes(v validation.View) []ControlPlane {
	var planes []ControlPlane
	for _, o := range v.Objects(validation.Deployment) {
		if o.Labels["app"] == "istiod" {
			planes = append(planes, fromDeployment(v, o))
		}
	}
	for _, o := range v.Objects(validation.IstioControlPlane) {
		spec := validation.SpecOf[*servicemeshv1alpha1.IstioControlPlaneSpec](o)
		i := slices.IndexFunc(planes, func(p ControlPlane) bool { return p.Revision == o.Name && p.Namespace == o.Namespace })
		if i < 0 {
			if spec.Mode == servicemeshv1alpha1.ModePassive {
				continue
			}
			planes = append(planes, ControlPlane{
				Revision: o.Name, Namespace: o.Namespace, Object: o, Version: spec.Version, Mesh: mesh.DefaultMeshConfig(),
			})
			i = len(planes) - 1
		}
		planes[i].Ours = true
		planes[i].Network = spec.NetworkName
	}
	return planes
}

func fromDeployment(v validation.View, o *validation.Object) ControlPlane {
	plane := ControlPlane{Revision: o.Labels[istio.RevisionLabel], Namespace: o.Namespace, Object: o}
	suffix := ""
	if plane.Revision == "" || plane.Revision == "default" {
		plane.Revision = "default"
	} else {
		suffix = "-" + plane.Revision
	}
	if spec := validation.SpecOf[*appsv1.DeploymentSpec](o); spec != nil {
		for _, c := range spec.Template.Spec.Containers {
			if c.Name == "discovery" {
				plane.Version = versionOf(c.Image)
				plane.ClusterID = environment(c, "CLUSTER_ID")
				plane.Shared = environment(c, "SHARED_MESH_CONFIG") != ""
			}
		}
	}
	plane.Mesh = meshConfigOf(v, o.Namespace, "istio"+suffix)
	readInjector(v.Get(validation.ConfigMap, o.Namespace, injectorConfigMap(plane.Revision)), &plane)
	return plane
}

func environment(c corev1.Container, name string) string {
	for _, variable := range c.Env {
		if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}

// versionOf is the version in an image's tag: 1.31.1 of docker.io/istio/pilot:1.31.1-distroless.
func versionOf(image string) string {
	tag := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ = strings.Cut(tag, ":")
	tag, _, _ = strings.Cut(tag, "@")
	version, _, _ := strings.Cut(tag, "-")
	return version
}

// meshConfigOf reads the mesh config of a control plane; Istio's defaults where there is none, or none that it accepts.
func meshConfigOf(v validation.View, namespace, name string) *meshconfig.MeshConfig {
	if o := v.Get(validation.ConfigMap, namespace, name); o != nil {
		if configMap := validation.SpecOf[*corev1.ConfigMap](o); configMap != nil {
			if config, err := mesh.ApplyMeshConfigDefaults(configMap.Data["mesh"]); err == nil {
				return config
			}
		}
	}
	return mesh.DefaultMeshConfig()
}

// readInjector reads what the injector's values say.
func readInjector(o *validation.Object, plane *ControlPlane) {
	if o == nil {
		return
	}
	configMap := validation.SpecOf[*corev1.ConfigMap](o)
	var values struct {
		Global struct {
			Hub          string
			Tag          any
			Network      string
			MultiCluster struct{ ClusterName string }
			Proxy        struct{ Image string }
		}
	}
	if configMap == nil || json.Unmarshal([]byte(configMap.Data["values"]), &values) != nil {
		return
	}
	global := values.Global
	plane.ProxyImage = global.Proxy.Image
	if tag, ok := global.Tag.(string); ok && !strings.Contains(global.Proxy.Image, "/") && global.Proxy.Image != "" {
		plane.ProxyImage = global.Hub + "/" + global.Proxy.Image + ":" + tag
	}
	plane.Network = or(plane.Network, global.Network)
	plane.ClusterID = or(plane.ClusterID, global.MultiCluster.ClusterName)
}

func or(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

// RootNamespace is the namespace whose configuration applies to the whole mesh: of the first control plane.
func RootNamespace(v validation.View) string {
	if planes := ControlPlanes(v); len(planes) > 0 {
		return or(planes[0].Mesh.GetRootNamespace(), planes[0].Namespace)
	}
	return istio.DefaultNamespace
}

// MeshConfig is that of the default control plane, or of the first one.
func MeshConfig(v validation.View) *meshconfig.MeshConfig {
	planes := ControlPlanes(v)
	if len(planes) == 0 {
		return mesh.DefaultMeshConfig()
	}
	for _, plane := range planes {
		if plane.Revision == "default" {
			return plane.Mesh
		}
	}
	return planes[0].Mesh
}

// MeshNetworks is the setting of networks of the first control plane.
func MeshNetworks(v validation.View) *meshconfig.MeshNetworks {
	for _, plane := range ControlPlanes(v) {
		name := "istio"
		if plane.Revision != "default" {
			name += "-" + plane.Revision
		}
		o := v.Get(validation.ConfigMap, plane.Namespace, name)
		if o == nil {
			continue
		}
		if networks, err := mesh.ParseMeshNetworks(validation.SpecOf[*corev1.ConfigMap](o).Data["meshNetworks"]); err == nil {
			return networks
		}
	}
	return mesh.DefaultMeshNetworks()
}
