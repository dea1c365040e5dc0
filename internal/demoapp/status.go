package demoapp

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// setState sets the state and the Ready condition together, so that they never disagree.
func setState(demo *smmv1alpha1.DemoApplication, state smmv1alpha1.ReconcileStatus, reason, message string) {
	demo.Status.Status = state
	demo.Status.ObservedGeneration = demo.Generation
	ready := metav1.ConditionFalse
	if state == smmv1alpha1.StatusSucceeded {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&demo.Status.Conditions, demo.Generation, ready, reason, message)
}

// held notes what the application waits for without anything being done.
func held(demo *smmv1alpha1.DemoApplication, found *obstacle) kube.Outcome {
	demo.Status.ErrorMessage = ""
	if found.state == smmv1alpha1.StatusFailed {
		demo.Status.ErrorMessage = found.message
	}
	setState(demo, found.state, found.reason, found.message)
	return kube.Wait(found.message)
}

// describeSLOResources reports the service level objectives that are asked for as what they are: not installed.
func describeSLOResources(demo *smmv1alpha1.DemoApplication) {
	if wanted := demo.Spec.DeploySLOResources; wanted == nil || !*wanted {
		meta.RemoveStatusCondition(&demo.Status.Conditions, smmv1alpha1.ConditionSLOResources)
		return
	}
	meta.SetStatusCondition(&demo.Status.Conditions, metav1.Condition{
		Type:               smmv1alpha1.ConditionSLOResources,
		Status:             metav1.ConditionFalse,
		ObservedGeneration: demo.Generation,
		Reason:             string(smmv1alpha1.ComponentUnmanaged),
		Message:            "this version of the product does not install service level objectives",
	})
}
