package overlay

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Apply changes the objects by the documented overlays, in order. An error names the overlay and
// the patch that has nothing to change, which is none only for a path that ends with ?.
func Apply(objects []*unstructured.Unstructured, overlays []v1alpha1.K8sResourceOverlay) error {
	for i, overlay := range overlays {
		if err := apply(objects, overlay); err != nil {
			return fmt.Errorf("k8sResourceOverlays[%d]: %w", i, err)
		}
	}
	return nil
}

func apply(objects []*unstructured.Unstructured, overlay v1alpha1.K8sResourceOverlay) error {
	patches := make([]patch, 0, len(overlay.Patches))
	needed := false
	for _, documented := range overlay.Patches {
		parsed, err := parsePatch(documented)
		if err != nil {
			return err
		}
		needed = needed || !parsed.optional()
		patches = append(patches, parsed)
	}
	found := false
	for _, object := range objects {
		if !selects(overlay, object) {
			continue
		}
		found = true
		ref := kube.RefOf(object)
		if err := applyAll(object, ref, patches); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	if !found && needed {
		return fmt.Errorf("no rendered object is %s", describe(overlay))
	}
	return nil
}

// Patch changes one object by documented patches, in order. Other than overlays, they may change what the object is and
// what it is called.
func Patch(object *unstructured.Unstructured, patches []v1alpha1.OverlayPatch) error {
	for _, documented := range patches {
		parsed, err := parsePatch(documented)
		if err != nil {
			return err
		}
		if err := parsed.applyTo(object.Object); err != nil {
			return err
		}
	}
	return nil
}

// applyAll leaves the object what it is, because it is by its kind and name that it is found again.
func applyAll(object *unstructured.Unstructured, ref kube.Ref, patches []patch) error {
	for _, p := range patches {
		if err := p.applyTo(object.Object); err != nil {
			return err
		}
		if kube.RefOf(object) != ref {
			return fmt.Errorf("path %q: the kind, name and namespace cannot be changed", p.path)
		}
	}
	return nil
}

// selects tells whether the overlay is for the object. What the overlay leaves open, any object has.
func selects(overlay v1alpha1.K8sResourceOverlay, object *unstructured.Unstructured) bool {
	matches := func(wanted, actual string) bool { return wanted == "" || wanted == actual }
	if kind := overlay.GroupVersionKind; kind != nil {
		actual := object.GroupVersionKind()
		if !matches(kind.Group, actual.Group) || !matches(kind.Version, actual.Version) || !matches(kind.Kind, actual.Kind) {
			return false
		}
	}
	key := keyOf(overlay)
	return matches(key.Name, object.GetName()) && matches(key.Namespace, object.GetNamespace())
}

func keyOf(overlay v1alpha1.K8sResourceOverlay) metav1alpha1.NamespacedName {
	if overlay.ObjectKey == nil {
		return metav1alpha1.NamespacedName{}
	}
	return *overlay.ObjectKey
}

// describe is what the overlay looks for, in words.
func describe(overlay v1alpha1.K8sResourceOverlay) string {
	kind := "of any kind"
	if overlay.GroupVersionKind != nil {
		kind = cmp.Or(overlay.GroupVersionKind.Kind, kind)
	}
	key := keyOf(overlay)
	switch {
	case key.Namespace != "":
		return fmt.Sprintf("%s %s/%s", kind, key.Namespace, cmp.Or(key.Name, "*"))
	case key.Name != "":
		return kind + " " + key.Name
	}
	return kind
}
