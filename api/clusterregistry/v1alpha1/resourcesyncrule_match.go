package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// SyncRuleMatch selects objects that fulfil all of what it says.
type SyncRuleMatch struct {
	// Annotations: one of these has to match.
	// +optional
	// +listType=atomic
	Annotations []AnnotationSelector `json:"annotations,omitempty"`
	// Content: all of these have to match.
	// +optional
	// +listType=atomic
	Content []ContentSelector `json:"content,omitempty"`
	// Labels: one of these has to match.
	// +optional
	// +listType=atomic
	Labels []metav1.LabelSelector `json:"labels,omitempty"`
	// Namespaces: one of these. Any when not set.
	// +optional
	// +listType=atomic
	Namespaces []string `json:"namespaces,omitempty"`
	// Name and namespace of the object. Any when not set.
	// +optional
	// +nullable
	ObjectKey *metav1alpha1.NamespacedName `json:"objectKey,omitempty"`
	// Name of the object, the same as objectKey.name.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace of the object, the same as objectKey.namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// AnnotationSelector selects objects by their annotations, as a label selector does by labels.
type AnnotationSelector struct {
	// Annotations that the object has to have.
	// +optional
	MatchAnnotations map[string]string `json:"matchAnnotations,omitempty"`
	// What else its annotations have to be like.
	// +optional
	// +listType=atomic
	MatchExpressions []AnnotationSelectorRequirement `json:"matchExpressions,omitempty"`
}

// AnnotationSelectorRequirement is what one annotation has to be like.
type AnnotationSelectorRequirement struct {
	// Key of the annotation.
	Key string `json:"key"`
	// In, NotIn, Exists or DoesNotExist.
	// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist
	Operator metav1.LabelSelectorOperator `json:"operator"`
	// Values, for In and NotIn.
	// +optional
	// +listType=atomic
	Values []string `json:"values,omitempty"`
}

// ContentSelector selects objects by the value of a field.
type ContentSelector struct {
	// Path of the field, such as type or spec.ports.0.port. \. stands for a dot in a name.
	// +kubebuilder:validation:MinLength=1
	Key string `json:"key"`
	// Value that the field has to have.
	Value intstr.IntOrString `json:"value"`
}

// Mutations say how a copy differs from its original.
type Mutations struct {
	// Annotations to add and to remove.
	// +optional
	Annotations *AnnotationMutations `json:"annotations,omitempty"`
	// Kind of the copy; what is not set is the original's.
	// +optional
	GVK *servicemeshv1alpha1.GroupVersionKind `json:"groupVersionKind,omitempty"`
	// Labels to add and to remove.
	// +optional
	Labels *LabelMutations `json:"labels,omitempty"`
	// Changes by path, applied last and in order. They may also change the name and the namespace.
	// +optional
	// +listType=atomic
	Overrides []servicemeshv1alpha1.OverlayPatch `json:"overrides,omitempty"`
	// Whether the status is copied too.
	// +optional
	SyncStatus bool `json:"syncStatus,omitempty"`
}

// AnnotationMutations change annotations.
type AnnotationMutations struct {
	// Annotations to add.
	// +optional
	Add map[string]string `json:"add,omitempty"`
	// Keys of annotations to remove.
	// +optional
	// +listType=atomic
	Remove []string `json:"remove,omitempty"`
}

// LabelMutations change labels.
type LabelMutations struct {
	// Labels to add.
	// +optional
	Add map[string]string `json:"add,omitempty"`
	// Keys of labels to remove.
	// +optional
	// +listType=atomic
	Remove []string `json:"remove,omitempty"`
}
