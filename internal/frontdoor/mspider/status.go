package mspider

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/frontdoor"
	"github.com/meshmanager/smm/internal/kube"
)

// setPhase sets the phase and the Ready condition together, so that they never disagree.
func setPhase(mesh *discoveryv3alpha1.GlobalMesh, phase discoveryv3alpha1.MeshPhase, reason, message string) {
	mesh.Status.Phase, mesh.Status.ObservedGeneration = phase, mesh.Generation
	ready := metav1.ConditionFalse
	if phase == discoveryv3alpha1.MeshRunning {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&mesh.Status.Conditions, mesh.Generation, ready, reason, message)
}

// judge says how the mesh is: by its control plane in this cluster, or by what the owner tells of its own.
func (l *logic) judge(ctx context.Context, mesh *discoveryv3alpha1.GlobalMesh, around surroundings, t Translation) (kube.Outcome, error) {
	var seen state
	var err error
	switch {
	case t.ControlPlane != nil:
		seen.version = t.ControlPlane.Spec.Version
		seen.waiting, err = frontdoor.ControlPlaneWaits(ctx, l.client, client.ObjectKeyFromObject(t.ControlPlane))
	case mesh.Spec.Mode == discoveryv3alpha1.ModeExternal && around.in(mesh) == mesh.Spec.OwnerCluster:
		seen, err = externalState(ctx, l.client, NamespaceOf(mesh))
	default:
		seen = remoteState(mesh, around)
	}
	if err != nil {
		return kube.Outcome{}, err
	}
	if seen.unknown {
		mesh.Status.Phase = cmp.Or(mesh.Status.Phase, discoveryv3alpha1.MeshCreating)
		mesh.Status.ObservedGeneration = mesh.Generation
		kube.SetReady(&mesh.Status.Conditions, mesh.Generation, metav1.ConditionUnknown, "OwnerUnknown", seen.waiting)
		return kube.Wait(seen.waiting), nil
	}
	if seen.waiting != "" {
		setPhase(mesh, discoveryv3alpha1.MeshCreating, "Creating", seen.waiting)
		return rechecked(kube.Wait(seen.waiting), mesh), nil
	}
	mesh.Status.MeshVersion = seen.version
	setPhase(mesh, discoveryv3alpha1.MeshRunning, "Running", "the mesh runs")
	return rechecked(kube.Done(), mesh), nil
}

// externalRecheck is how often an Istio of somebody else is looked at: it is not watched.
const externalRecheck = 10 * time.Second

func rechecked(outcome kube.Outcome, mesh *discoveryv3alpha1.GlobalMesh) kube.Outcome {
	if mesh.Spec.Mode == discoveryv3alpha1.ModeExternal {
		outcome.RequeueAfter = externalRecheck
	}
	return outcome
}

// state is how a control plane is.
type state struct {
	version string
	waiting string // what it waits for, "" for nothing
	unknown bool   // its cluster does not answer
}

// remoteState is what the owner cluster tells of the mesh.
func remoteState(mesh *discoveryv3alpha1.GlobalMesh, around surroundings) state {
	owner := around.cluster(mesh.Spec.OwnerCluster)
	if owner == nil {
		return state{waiting: notRegistered(mesh.Spec.OwnerCluster)}
	}
	if owner.Status.State != clusterregistryv1alpha1.ClusterStateReady {
		return state{unknown: true, waiting: fmt.Sprintf("the owner cluster %s is not reached: %s", owner.Name, cmp.Or(owner.Status.Message, "it is not connected yet"))}
	}
	if mesh.Spec.Mode == discoveryv3alpha1.ModeExternal {
		return state{unknown: true, waiting: fmt.Sprintf("Istio is installed by somebody else in cluster %s: its GlobalMesh there tells how it is", owner.Name)}
	}
	picp := around.peer(mesh, owner)
	if picp == nil {
		return state{waiting: fmt.Sprintf("cluster %s tells of no control plane of the mesh yet: its operator makes one as soon as it has a copy of the GlobalMesh", owner.Name)}
	}
	if picp.Status.Status == v1alpha1.ConfigStateAvailable {
		return state{version: picp.Spec.Version}
	}
	return state{waiting: frontdoor.Waiting(v1alpha1.KindIstioControlPlane+" of cluster "+owner.Name+",", client.ObjectKey{Namespace: picp.Namespace, Name: mesh.Name}, frontdoor.Problem(&picp.Status))}
}

func notRegistered(name string) string {
	return fmt.Sprintf("no cluster %s is registered here: bring the clusters together", name)
}

// externalState is how the istiods are that somebody else installed.
func externalState(ctx context.Context, reader client.Reader, namespace string) (state, error) {
	var deployments appsv1.DeploymentList
	if err := reader.List(ctx, &deployments, client.InNamespace(namespace), client.MatchingLabels{"app": "istiod"}); err != nil {
		return state{}, fmt.Errorf("list Deployments of istiod: %w", err)
	}
	waiting := fmt.Sprintf("there is no istiod in namespace %s", namespace)
	for i := range deployments.Items {
		ready, reason := kube.DeploymentReady(&deployments.Items[i])
		if ready {
			return state{version: imageTag(&deployments.Items[i])}, nil
		}
		waiting = reason
	}
	return state{waiting: waiting}, nil
}

func imageTag(deployment *appsv1.Deployment) string {
	for _, container := range deployment.Spec.Template.Spec.Containers {
		image := container.Image[strings.LastIndex(container.Image, "/")+1:]
		if _, tag, tagged := strings.Cut(image, ":"); tagged && container.Name == "discovery" {
			return tag
		}
	}
	return ""
}

// describeExposure tells whether a hosted control plane has an address for other clusters.
func (l *logic) describeExposure(ctx context.Context, mesh *discoveryv3alpha1.GlobalMesh, hosted *corev1.Service) error {
	if hosted == nil {
		meta.RemoveStatusCondition(&mesh.Status.Conditions, discoveryv3alpha1.ConditionExposed)
		return nil
	}
	live := &corev1.Service{}
	if err := l.client.Get(ctx, client.ObjectKeyFromObject(hosted), live); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read Service %s: %w", hosted.Name, err)
	}
	condition := metav1.Condition{
		Type: discoveryv3alpha1.ConditionExposed, Status: metav1.ConditionFalse, ObservedGeneration: mesh.Generation, Reason: "NoAddress",
		Message: fmt.Sprintf("Service %s/%s has no load-balancer address yet", hosted.Namespace, hosted.Name),
	}
	for _, ingress := range live.Status.LoadBalancer.Ingress {
		condition.Status, condition.Reason, condition.Message = metav1.ConditionTrue, "Exposed", cmp.Or(ingress.IP, ingress.Hostname)
	}
	meta.SetStatusCondition(&mesh.Status.Conditions, condition)
	return nil
}
