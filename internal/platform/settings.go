package platform

import (
	"cmp"
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
	// ClusterName is the converted name of the cluster.
	ClusterName string
	// AnonymousAuth lets everybody use the dashboard without logging in.
	AnonymousAuth bool
	// IstioNamespace is where the control plane is installed; "" for Istio's usual namespace.
	IstioNamespace string
	// IstioControlPlane is the YAML of an IstioControlPlane whose specification is laid over the
	// product's defaults; nil for none.
	IstioControlPlane []byte
}

// ControlPlane returns the ControlPlane that the settings mean, and the Istio release that it
// installs. The error names what is wrong with the settings.
func (s Settings) ControlPlane(catalogue istio.Catalogue) (*smmv1alpha1.ControlPlane, istio.Release, error) {
	custom, err := readIstioControlPlane(s.IstioControlPlane)
	if err != nil {
		return nil, istio.Release{}, fmt.Errorf("read the IstioControlPlane: %w", err)
	}
	release, err := catalogue.Find(custom.Spec.Version)
	if err != nil {
		return nil, istio.Release{}, err
	}
	overrides, err := specOf(s.IstioControlPlane)
	if err != nil {
		return nil, istio.Release{}, err
	}
	on := true
	cp := &smmv1alpha1.ControlPlane{}
	cp.SetGroupVersionKind(smmv1alpha1.GroupVersion.WithKind(smmv1alpha1.KindControlPlane))
	cp.Name = ControlPlaneName
	cp.Spec = smmv1alpha1.ControlPlaneSpec{
		ClusterName: s.ClusterName,
		Role:        smmv1alpha1.RoleActive,
		MeshManager: &smmv1alpha1.MeshManager{
			Component: smmv1alpha1.Component{Enabled: &on},
			Istio: &smmv1alpha1.MeshManagerIstio{
				Enabled: &on,
				IstioCRRef: &metav1alpha1.NamespacedName{
					Name:      istio.ControlPlaneName(release.Version),
					Namespace: cmp.Or(s.IstioNamespace, istio.DefaultNamespace),
				},
				IstioCROverrides: overrides,
			},
		},
	}
	if s.AnonymousAuth {
		cp.Spec.SMM = &smmv1alpha1.SMM{Auth: &smmv1alpha1.Auth{Mode: smmv1alpha1.AuthModeAnonymous}}
	}
	return cp, release, nil
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
