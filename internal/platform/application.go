package platform

import (
	"cmp"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	// ApplicationName is the name of the server's objects in SystemNamespace.
	ApplicationName = "smm-application"
	// ApplicationPort is the port of the server's Service.
	ApplicationPort = 80

	applicationImage = "meshmanager/smm"
	applicationTag   = "0.1.0"
	// ApplicationPodPort is the port of the server's pods.
	ApplicationPodPort = 8080
)

// ApplicationSelector are the labels of the server's pods.
func ApplicationSelector() map[string]string {
	return map[string]string{"app.kubernetes.io/name": ApplicationName}
}

// applicationSettings are those of the server, which serves the API, sign-in and the dashboard.
type applicationSettings struct {
	smmv1alpha1.Component `json:",inline"`

	// PodAnnotations are of the server's pods.
	PodAnnotations map[string]string `json:"podAnnotations,omitempty"`
	// ExtraArgs are arguments of the program besides the product's.
	ExtraArgs []string `json:"extraArgs,omitempty"`
}

// application is the part of smm that users meet: the API, sign-in and the dashboard.
func application(catalogue istio.Catalogue) renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentApplication,
		wanted: wantsApplication,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			settings, err := applicationSettingsOf(&cp.Spec)
			if err != nil {
				return nil, err
			}
			peers, err := peersOf(cp, catalogue)
			if err != nil {
				return nil, err
			}
			settings.ExtraArgs = append(peers, settings.ExtraArgs...)
			return encode(applicationObjects(cp, settings))
		},
	}
}

func wantsApplication(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return wantsSMM(spec) && spec.SMM.Application != nil && isTrue(spec.SMM.Application.Enabled)
}

func applicationSettingsOf(spec *smmv1alpha1.ControlPlaneSpec) (applicationSettings, error) {
	defaults := applicationSettings{}
	defaults.Image = &smmv1alpha1.Image{Repository: relocated(spec.RepositoryOverride, applicationImage), Tag: applicationTag}
	return settle(defaults, spec.SMM.Application, override{
		path: "spec.smm.application.valuesOverride", values: spec.SMM.Application.ValuesOverride, managed: []string{"enabled"},
	})
}

// anonymous tells whether everybody may use the dashboard without signing in.
func anonymous(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.SMM.Auth != nil && spec.SMM.Auth.Mode == smmv1alpha1.AuthModeAnonymous
}

// applicationObjects renders the server with the rights that it needs. It is pure.
func applicationObjects(cp *smmv1alpha1.ControlPlane, settings applicationSettings) []runtime.Object {
	objects := []runtime.Object{applicationAccount(), applicationService(&cp.Spec), applicationDeployment(cp, settings)}
	if wantsWarnings(&cp.Spec) {
		objects = append(objects, warningsConfiguration())
	}
	objects = append(objects, applicationRights(&cp.Spec)...)
	if wantsClusterRegistry(&cp.Spec) {
		objects = append(objects, peerRights(namespaceOfClusterRegistry(&cp.Spec))...)
	}
	return objects
}

func applicationArgs(cp *smmv1alpha1.ControlPlane, settings applicationSettings) []string {
	args := []string{
		"server", "run", "--address=0.0.0.0:8080", "--namespace=" + SystemNamespace,
		"--cluster-name=" + cmp.Or(cp.Spec.ClusterName, unnamedCluster),
	}
	if anonymous(&cp.Spec) {
		args = append(args, "--anonymous-auth")
	}
	if auth := cp.Spec.SMM.Auth; auth != nil && isTrue(auth.ForceUnsecureCookies) {
		args = append(args, "--insecure-cookies")
	}
	if health := cp.Spec.SMM.Health; health != nil && isFalse(health.Enabled) {
		args = append(args, "--no-health")
	}
	if wantsWarnings(&cp.Spec) {
		args = append(args, fmt.Sprintf("--admission-address=0.0.0.0:%d", warningsListens), "--admission-webhooks="+warningsName)
	}
	return append(args, settings.ExtraArgs...)
}

// served is a part of smm that is no program of its own: the server has it.
type served struct {
	key    string
	wanted func(*smmv1alpha1.SMM) bool
}

func (s served) name() string { return s.key }

func (s served) enabled(cp *smmv1alpha1.ControlPlane) bool {
	return wantsSMM(&cp.Spec) && s.wanted(cp.Spec.SMM)
}

func (s served) install(_ context.Context, cp *smmv1alpha1.ControlPlane, _ kube.Save) (state, error) {
	if !wantsApplication(&cp.Spec) {
		return unmanaged("the component application has it, which is switched off"), nil
	}
	if server := cp.Status.Components[smmv1alpha1.ComponentApplication]; server.Status != smmv1alpha1.ComponentAvailable {
		return reconciling("the component application has it: " + cmp.Or(server.Message, "it is not available yet")), nil
	}
	return available("the component application has it"), nil
}

func (served) remove(context.Context, *smmv1alpha1.ControlPlane, kube.Save) (state, error) {
	return removed(""), nil
}

// servedParts are the parts that the server has.
func servedParts() []served {
	return []served{
		{smmv1alpha1.ComponentAuth, func(s *smmv1alpha1.SMM) bool { return s.Auth != nil && !isFalse(s.Auth.Enabled) }},
		{smmv1alpha1.ComponentFederationGateway, func(s *smmv1alpha1.SMM) bool {
			return s.FederationGateway != nil && isTrue(s.FederationGateway.Enabled)
		}},
		{smmv1alpha1.ComponentFederationGatewayOperator, func(s *smmv1alpha1.SMM) bool {
			return s.FederationGatewayOperator != nil && isTrue(s.FederationGatewayOperator.Enabled)
		}},
		{smmv1alpha1.ComponentHealth, func(s *smmv1alpha1.SMM) bool { return s.Health != nil && !isFalse(s.Health.Enabled) }},
		{smmv1alpha1.ComponentWeb, func(s *smmv1alpha1.SMM) bool { return s.Web != nil && isTrue(s.Web.Enabled) }},
	}
}
