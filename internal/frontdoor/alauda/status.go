package alauda

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// setPhase sets the phase, the state and the Ready condition together, so that they never disagree.
func setPhase(mesh *asmv1alpha1.ServiceMesh, phase asmv1alpha1.Phase, reason, message string) {
	mesh.Status.Phase, mesh.Status.SynthesisPhase = phase, phase
	mesh.Status.ObservedGeneration = mesh.Generation
	mesh.Status.State = ""
	ready := metav1.ConditionFalse
	switch phase {
	case asmv1alpha1.PhaseDeployed:
		ready = metav1.ConditionTrue
	case asmv1alpha1.PhaseDeploying, asmv1alpha1.PhaseDeleting:
		mesh.Status.State = string(phase)
	}
	kube.SetReady(&mesh.Status.Conditions, mesh.Generation, ready, reason, message)
}
