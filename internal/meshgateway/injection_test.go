package meshgateway

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

func controlPlane(meshConfig, injector string) *v1alpha1.IstioControlPlane {
	icp := &v1alpha1.IstioControlPlane{}
	icp.Name, icp.Namespace, icp.Generation = "cp-v131x", "istio-system", 4
	icp.Status = v1alpha1.IstioControlPlaneStatus{
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionIstiodReady, Status: metav1.ConditionTrue, ObservedGeneration: 4}},
		MeshConfig: &apiextensionsv1.JSON{Raw: []byte(meshConfig)},
		Checksums:  &v1alpha1.ConfigChecksums{SidecarInjector: injector},
	}
	return icp
}

// Pods are made anew for what is injected into them, and not for mesh config that reaches them
// while they run.
func TestInjectionChecksum(t *testing.T) {
	checksum := func(meshConfig, injector string) string {
		injection, settled := injectionOf(controlPlane(meshConfig, injector), "1.31.1")
		if !settled {
			t.Fatal("a control plane that runs is not settled")
		}
		return injection.Checksum
	}
	base := checksum(`{"defaultConfig":{"concurrency":2},"accessLogFile":""}`, "a")
	if checksum(`{"defaultConfig":{"concurrency":2},"accessLogFile":"/dev/stdout"}`, "a") != base {
		t.Error("access logging makes pods anew")
	}
	if checksum(`{"defaultConfig":{"concurrency":4},"accessLogFile":""}`, "a") == base {
		t.Error("the proxies' start configuration makes no pods anew")
	}
	if checksum(`{"defaultConfig":{"concurrency":2},"accessLogFile":""}`, "b") == base {
		t.Error("the injector's configuration makes no pods anew")
	}
}

// Until the running istiod is the specified one, it is not known what it injects.
func TestInjectionIsSettledOnlyWhileIstiodIsReady(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.IstioControlPlane){
		"changed and not observed": func(icp *v1alpha1.IstioControlPlane) { icp.Generation++ },
		"rolling out":              func(icp *v1alpha1.IstioControlPlane) { icp.Status.Conditions[0].Status = metav1.ConditionFalse },
		"not looked at yet":        func(icp *v1alpha1.IstioControlPlane) { icp.Status.Conditions = nil },
		"being deleted":            func(icp *v1alpha1.IstioControlPlane) { icp.DeletionTimestamp = new(metav1.Now()) },
	} {
		icp := controlPlane("{}", "a")
		change(icp)
		if _, settled := injectionOf(icp, "1.31.1"); settled {
			t.Errorf("%s: settled", name)
		}
	}
}
