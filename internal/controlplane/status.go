package controlplane

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// unsupportedCondition names the fields of the specification that have no effect. It is absent
// when there are none.
const unsupportedCondition = "UnsupportedFields"

// describe fills the status from the objects that were applied and what was observed.
func describe(icp *v1alpha1.IstioControlPlane, seen observation, objects []*unstructured.Unstructured) {
	status := &icp.Status
	status.ObservedGeneration = icp.Generation
	status.ErrorMessage = ""
	status.ClusterID = orDefault(icp.Spec.ClusterID, DefaultClusterID)
	status.IstioControlPlaneName = icp.Name
	status.IstiodAddresses = seen.istiodAddresses
	status.InjectionNamespaces = seen.injectionNamespaces
	status.CARootCertificate = seen.caRootCertificate
	describeConfig(status, revisionOf(icp), objects)
}

func describeConfig(status *v1alpha1.IstioControlPlaneStatus, revision istio.Revision, objects []*unstructured.Unstructured) {
	status.Checksums = &v1alpha1.ConfigChecksums{}
	for _, object := range objects {
		if object.GetKind() != "ConfigMap" {
			continue
		}
		data, _, _ := unstructured.NestedStringMap(object.Object, "data")
		switch object.GetName() {
		case revision.MeshConfigMap():
			status.Checksums.MeshConfig = checksum(data["mesh"])
			if encoded, err := yaml.YAMLToJSON([]byte(data["mesh"])); err == nil {
				status.MeshConfig = &apiextensionsv1.JSON{Raw: encoded}
			}
		case injectorConfigMap(revision):
			status.Checksums.SidecarInjector = checksum(data["config"] + "\x00" + data["values"])
		}
	}
}

func describeUnsupported(icp *v1alpha1.IstioControlPlane) {
	fields := Unsupported(&icp.Spec)
	if len(fields) == 0 {
		meta.RemoveStatusCondition(&icp.Status.Conditions, unsupportedCondition)
		return
	}
	meta.SetStatusCondition(&icp.Status.Conditions, metav1.Condition{
		Type:               unsupportedCondition,
		Status:             metav1.ConditionTrue,
		ObservedGeneration: icp.Generation,
		Reason:             "FieldsWithoutEffect",
		Message:            "these fields have no effect: " + strings.Join(fields, ", "),
	})
}

// setState sets the state and the Ready condition together, so that they never disagree.
func setState(icp *v1alpha1.IstioControlPlane, state v1alpha1.ConfigState, message string) {
	icp.Status.Status = state
	ready := metav1.ConditionFalse
	if state == v1alpha1.ConfigStateAvailable {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&icp.Status.Conditions, icp.Generation, ready, string(state), message)
}

// setIstiodReady tells whether what runs is the istiod of this generation.
func setIstiodReady(icp *v1alpha1.IstioControlPlane, state v1alpha1.ConfigState, message string) {
	condition := metav1.Condition{
		Type: v1alpha1.ConditionIstiodReady, Status: metav1.ConditionFalse,
		ObservedGeneration: icp.Generation, Reason: string(state), Message: message,
	}
	if state == v1alpha1.ConfigStateAvailable {
		condition.Status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(&icp.Status.Conditions, condition)
}

// judge names the state of istiod and, unless it is available, what it waits for.
func judge(seen observation) (state v1alpha1.ConfigState, message string) {
	if seen.istiod == nil {
		return v1alpha1.ConfigStateReconciling, "istiod is not created yet"
	}
	if ready, reason := kube.DeploymentReady(seen.istiod); !ready {
		return v1alpha1.ConfigStateReconciling, reason
	}
	if seen.caRootCertificate == "" {
		return v1alpha1.ConfigStateReconciling, "istiod has not published its root certificate yet"
	}
	return v1alpha1.ConfigStateAvailable, fmt.Sprintf("istiod runs with %d ready pods", seen.istiod.Status.ReadyReplicas)
}

// oneLine is the message of an error as it stands in a status.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines, "; ")
}

func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func revisionOf(icp *v1alpha1.IstioControlPlane) istio.Revision {
	return istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
}
