package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// ControlPlaneName is the documented name of the ControlPlane.
const ControlPlaneName = "smm"

// Settings are what a user can say when installing without a ControlPlane of their own.
type Settings struct {
	// ClusterName is the name of the cluster that the user gave.
	ClusterName string
	// DiscoveredClusterName is the name that the cluster goes by elsewhere, for where nobody gave one.
	DiscoveredClusterName string
	// Platform is the Kubernetes distribution, where it needs settings of its own.
	Platform smmv1alpha1.Platform
	// WithoutIstio leaves Istio out.
	WithoutIstio bool
	// AnonymousAuth lets everybody use the dashboard without logging in.
	AnonymousAuth bool
	// IstioNamespace is where the control plane is installed; "" for Istio's usual namespace.
	IstioNamespace string
	// IstioControlPlane is the YAML of an IstioControlPlane whose specification is laid over the
	// product's defaults; nil for none.
	IstioControlPlane []byte
	// Additional is the YAML of a ControlPlane, or of parts of one, whose specification is laid over
	// the product's defaults; nil for none. The other settings come before it.
	Additional []byte
	// ChartSources are places that have further versions of Istio.
	ChartSources []smmv1alpha1.ChartSource
}

// ControlPlane returns the ControlPlane that the settings mean. The error names what is wrong with
// the settings.
func (s Settings) ControlPlane(ctx context.Context, releases istio.Releases) (*smmv1alpha1.ControlPlane, error) {
	defaults, err := s.defaults(ctx, releases)
	if err != nil {
		return nil, err
	}
	cp := &smmv1alpha1.ControlPlane{}
	cp.SetGroupVersionKind(smmv1alpha1.GroupVersion.WithKind(smmv1alpha1.KindControlPlane))
	cp.Name = ControlPlaneName
	if cp.Spec, err = withAdditional(defaults, s.Additional); err != nil {
		return nil, fmt.Errorf("read the additional settings: %w", err)
	}
	if cp.Spec.MeshManager == nil || cp.Spec.MeshManager.Istio == nil || cp.Spec.MeshManager.Istio.IstioCRRef == nil {
		return nil, errors.New("the additional settings take spec.meshManager away: switch it off with `enabled: false`")
	}
	if overrides := defaults.MeshManager.Istio.IstioCROverrides; overrides != "" && cp.Spec.MeshManager.Istio.IstioCROverrides != overrides {
		return nil, errors.New("both the additional settings and the IstioControlPlane change Istio's settings: put them all in one of the two")
	}
	cp.Spec.ClusterName = cmp.Or(s.ClusterName, cp.Spec.ClusterName)
	cp.Spec.Platform = cmp.Or(s.Platform, cp.Spec.Platform)
	if s.IstioNamespace != "" {
		cp.Spec.MeshManager.Istio.IstioCRRef.Namespace = s.IstioNamespace
	}
	if cp.Spec.ClusterName, err = ClusterName(cmp.Or(cp.Spec.ClusterName, s.DiscoveredClusterName)); err != nil {
		return nil, err
	}
	return cp, nil
}

// defaults are the product's own, with the settings that have no field of the ControlPlane's.
func (s Settings) defaults(ctx context.Context, releases istio.Releases) (smmv1alpha1.ControlPlaneSpec, error) {
	custom, err := readIstioControlPlane(s.IstioControlPlane)
	if err != nil {
		return smmv1alpha1.ControlPlaneSpec{}, fmt.Errorf("read the IstioControlPlane: %w", err)
	}
	version, err := releases.Version(ctx, custom.Spec.Version)
	if err != nil {
		return smmv1alpha1.ControlPlaneSpec{}, err
	}
	overrides, err := specOf(s.IstioControlPlane)
	if err != nil {
		return smmv1alpha1.ControlPlaneSpec{}, err
	}
	on := !s.WithoutIstio
	spec := smmv1alpha1.ControlPlaneSpec{
		Role: smmv1alpha1.RoleActive,
		MeshManager: &smmv1alpha1.MeshManager{
			Component: smmv1alpha1.Component{Enabled: &on},
			Istio: &smmv1alpha1.MeshManagerIstio{
				Enabled: &on,
				IstioCRRef: &metav1alpha1.NamespacedName{
					Name:      istio.ControlPlaneName(version),
					Namespace: istio.DefaultNamespace,
				},
				IstioCROverrides: overrides,
				ChartSources:     s.ChartSources,
			},
		},
	}
	if s.AnonymousAuth {
		spec.SMM = &smmv1alpha1.SMM{Auth: &smmv1alpha1.Auth{Mode: smmv1alpha1.AuthModeAnonymous}}
	}
	return spec, nil
}

// withAdditional lays the specification of a user's ControlPlane over the defaults.
func withAdditional(defaults smmv1alpha1.ControlPlaneSpec, document []byte) (smmv1alpha1.ControlPlaneSpec, error) {
	var additional struct {
		APIVersion string         `json:"apiVersion,omitempty"`
		Kind       string         `json:"kind,omitempty"`
		Metadata   map[string]any `json:"metadata,omitempty"`
		Spec       map[string]any `json:"spec,omitempty"`
	}
	if err := decodeStrictly(document, &additional); err != nil {
		return defaults, err
	}
	if additional.Kind != "" && additional.Kind != smmv1alpha1.KindControlPlane {
		return defaults, fmt.Errorf("it is a %s", additional.Kind)
	}
	base, err := toMap(defaults)
	if err != nil {
		return defaults, err
	}
	var merged struct {
		Spec smmv1alpha1.ControlPlaneSpec `json:"spec"`
	}
	encoded, err := yaml.Marshal(map[string]any{"spec": overlay(base, additional.Spec)})
	if err != nil {
		return defaults, err
	}
	err = decodeStrictly(encoded, &merged)
	return merged.Spec, err
}

// readIstioControlPlane decodes a document of a user, "" for an empty one. Fields that do not
// exist are an error that names them.
func readIstioControlPlane(document []byte) (*servicemeshv1alpha1.IstioControlPlane, error) {
	custom := &servicemeshv1alpha1.IstioControlPlane{}
	if err := decodeStrictly(document, custom); err != nil {
		return nil, err
	}
	if custom.Kind != "" && custom.Kind != servicemeshv1alpha1.KindIstioControlPlane {
		return nil, fmt.Errorf("it is a %s", custom.Kind)
	}
	return custom, nil
}

// ReadControlPlane decodes the YAML of a ControlPlane. Fields that do not exist are an error that
// names them.
func ReadControlPlane(document []byte) (*smmv1alpha1.ControlPlane, error) {
	cp := &smmv1alpha1.ControlPlane{}
	if err := decodeStrictly(document, cp); err != nil {
		return nil, err
	}
	switch {
	case cp.Kind != smmv1alpha1.KindControlPlane:
		return nil, fmt.Errorf("it is no ControlPlane but a %q", cp.Kind)
	case cp.Name == "":
		return nil, errors.New("the ControlPlane has no name")
	}
	return cp, nil
}

func decodeStrictly(document []byte, into any) error {
	encoded, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	unknown, err := json.UnmarshalStrict(encoded, into)
	return errors.Join(append(unknown, err)...)
}

// specOf keeps only the specification of an IstioControlPlane's YAML, "" when it has none.
func specOf(document []byte) (string, error) {
	var custom struct {
		Spec map[string]any `json:"spec,omitempty"`
	}
	if err := yaml.Unmarshal(document, &custom); err != nil {
		return "", fmt.Errorf("read the IstioControlPlane: %w", err)
	}
	if len(custom.Spec) == 0 {
		return "", nil
	}
	text, err := yaml.Marshal(custom)
	return string(text), err
}

// Desired is the ControlPlane as it is applied: without a status.
func Desired(cp *smmv1alpha1.ControlPlane) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(cp)
	if err != nil {
		return nil, fmt.Errorf("encode ControlPlane %s: %w", cp.Name, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}
