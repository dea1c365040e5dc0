package platform

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// unsupportedCondition names the fields of the specification that have no effect. It is absent
// when there are none.
const unsupportedCondition = "UnsupportedFields"

// Unsupported lists the fields that the specification sets and that have no effect, by their
// paths. Those of components that this version does not have are not among them: the state of
// the component says so. It is pure.
func Unsupported(spec *smmv1alpha1.ControlPlaneSpec) []string {
	var fields notes
	fields.ofLog(spec.Log, "spec.log")
	fields.ofMeshManager(spec.MeshManager)
	if exporter := spec.NodeExporter; exporter != nil && wantsNodeExporter(spec) {
		// Kubernetes has no pod security policies any more, and upstream's program no such setting.
		fields.note(exporter.PSP != nil && isTrue(exporter.PSP.Enabled), "spec.nodeExporter.psp")
		fields.ofLog(exporter.Log, "spec.nodeExporter.log")
	}
	if access := spec.RegistryAccess; access != nil && wantsRegistryAccess(spec) {
		// The operator itself copies the secrets.
		fields.ofProgram(&access.Component, "spec.registryAccess")
		fields.ofProgram(access.ImagePullSecretsController, "spec.registryAccess.imagePullSecretsController")
	}
	if wantsSMM(spec) {
		fields.ofSMM(spec)
	}
	if wantsPrometheus(spec) {
		fields.ofPrometheus(spec.SMM.Prometheus)
	}
	slices.Sort(fields)
	return fields
}

// ofSMM notes what the server does by itself, and what has no effect without another setting.
func (n *notes) ofSMM(spec *smmv1alpha1.ControlPlaneSpec) {
	smm := spec.SMM
	n.ofProgram(&smm.Component, "spec.smm")
	n.note(smm.Role != "" && smm.Role != roleOf(spec), "spec.smm.role")
	n.note(smm.CertManager != nil && isTrue(smm.CertManager.Enabled), "spec.smm.certManager")
	n.note(smm.AdmissionWarnings != nil && isTrue(smm.AdmissionWarnings.Enabled) && !wantsWarnings(spec), "spec.smm.admissionWarnings")
	n.note(smm.Impersonation != nil && isTrue(smm.Impersonation.Enabled), "spec.smm.impersonation")
	if smm.Health != nil { // the server itself judges, and shows it
		n.ofProgram(smm.Health.API, "spec.smm.health.api")
		n.ofProgram(smm.Health.Controller, "spec.smm.health.controller")
	}
}

// ofPrometheus notes the programs beside Prometheus. It reloads its configuration itself.
func (n *notes) ofPrometheus(p *smmv1alpha1.Prometheus) {
	const path = "spec.smm.prometheus"
	n.ofLog(p.Log, path+".log")
	if p.Thanos != nil {
		n.ofLog(p.Thanos.Log, path+".thanos.log")
		if p.Thanos.Query != nil {
			n.ofLog(p.Thanos.Query.Log, path+".thanos.query.log")
		}
	}
	n.note(p.ConfigReloader != nil, path+".configReloader")
	n.note(p.K8sProxy != nil, path+".k8sProxy")
}

func roleOf(spec *smmv1alpha1.ControlPlaneSpec) smmv1alpha1.Role {
	if spec.Role == "" {
		return smmv1alpha1.RoleActive
	}
	return spec.Role
}

// notes are the paths of fields.
type notes []string

func (n *notes) note(set bool, path string) {
	if set {
		*n = append(*n, path)
	}
}

func (n *notes) ofLog(log *smmv1alpha1.LogConfig, path string) {
	n.note(log != nil && (log.Level != "" || log.Format != ""), path)
}

// ofProgram notes the settings of a program that is not installed.
func (n *notes) ofProgram(component *smmv1alpha1.Component, path string) {
	if component == nil {
		return
	}
	n.note(component.Image != nil, path+".image")
	n.note(component.Resources != nil, path+".resources")
	n.ofLog(component.Log, path+".log")
}

func (n *notes) ofMeshManager(manager *smmv1alpha1.MeshManager) {
	if manager == nil {
		return
	}
	const path = "spec.meshManager"
	// The operator itself installs Istio, from where it runs.
	n.ofProgram(&manager.Component, path)
	n.note(manager.Namespace != "" && manager.Namespace != SystemNamespace, path+".namespace")
	istio := manager.Istio
	if istio == nil {
		return
	}
	n.note(istio.Operators != nil && istio.Operators.Namespace != "" && istio.Operators.Namespace != SystemNamespace, path+".istio.operators.namespace")
	n.note(istio.IstioCROverrides != "" && istio.IstioCRDOverrides != "", path+".istio.istioCRDOverrides")
	// Istio has one pull policy for all its images.
	n.note(istio.Proxy != nil && istio.Proxy.Image != nil && istio.Proxy.Image.PullPolicy != "", path+".istio.proxy.image.pullPolicy")
}

func describeUnsupported(cp *smmv1alpha1.ControlPlane) {
	fields := Unsupported(&cp.Spec)
	if len(fields) == 0 {
		meta.RemoveStatusCondition(&cp.Status.Conditions, unsupportedCondition)
		return
	}
	meta.SetStatusCondition(&cp.Status.Conditions, metav1.Condition{
		Type:               unsupportedCondition,
		Status:             metav1.ConditionTrue,
		ObservedGeneration: cp.Generation,
		Reason:             "FieldsWithoutEffect",
		Message:            fmt.Sprintf("these fields have no effect: %s", strings.Join(fields, ", ")),
	})
}
