package meshplan

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// The documented label of nodes that control planes run on.
const (
	NodeLabel = "istio"
	NodeValue = "master"
)

// preferredWeight is the weight of keeping instances apart where that is not mandatory.
const preferredWeight = 100

// Resources make the mesh: an IstioMesh of its name, whose settings all its control planes inherit, and one of these.
func Resources(p Plan) (*v1alpha1.IstioMesh, *v1alpha1.IstioControlPlane, error) {
	config, err := json.Marshal(map[string]any{"defaultHttpRetryPolicy": map[string]any{"attempts": p.Retries}})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the mesh config: %w", err)
	}
	mesh := &v1alpha1.IstioMesh{Spec: v1alpha1.IstioMeshSpec{Config: &apiextensionsv1.JSON{Raw: config}}}
	mesh.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioMesh))
	mesh.Namespace, mesh.Name = istio.DefaultNamespace, p.Name

	revision := ControlPlane(p)
	icp := &v1alpha1.IstioControlPlane{}
	icp.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioControlPlane))
	icp.Namespace, icp.Name = revision.Namespace, revision.Name
	deployment := &v1alpha1.WorkloadConfig{Replicas: replicas(p), Affinity: apart(p, revision)}
	deployment.Resources = amounts(p.CPU, p.Memory)
	if len(p.Nodes) > 0 {
		deployment.NodeSelector = map[string]string{NodeLabel: NodeValue}
	}
	if p.HighlyAvailable {
		deployment.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: pods(revision),
		}}
	}
	proxy := &v1alpha1.ProxyConfig{Resources: amounts(p.SidecarCPU, p.SidecarMemory)}
	icp.Spec = v1alpha1.IstioControlPlaneSpec{
		Version: p.Version, Mode: v1alpha1.ModeActive, MeshID: p.Name, ClusterID: p.Cluster,
		Istiod: &v1alpha1.IstiodConfig{TraceSampling: &p.Sampling, Deployment: deployment},
		Proxy:  proxy,
	}
	return mesh, icp, nil
}

func replicas(p Plan) *v1alpha1.Replicas {
	if p.Most > p.Least {
		return &v1alpha1.Replicas{Min: &p.Least, Max: &p.Most}
	}
	return &v1alpha1.Replicas{Count: &p.Least}
}

func amounts(cpu, memory resource.Quantity) *corev1.ResourceRequirements {
	of := func() corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory}
	}
	return &corev1.ResourceRequirements{Requests: of(), Limits: of()}
}

func pods(revision istio.Revision) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "istiod", istio.RevisionLabel: revision.Name}}
}

// apart keeps instances on nodes of their own.
func apart(p Plan, revision istio.Revision) *corev1.Affinity {
	term := corev1.PodAffinityTerm{LabelSelector: pods(revision), TopologyKey: corev1.LabelHostname}
	if p.Mandatory {
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
	}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
		{Weight: preferredWeight, PodAffinityTerm: term},
	}}}
}
