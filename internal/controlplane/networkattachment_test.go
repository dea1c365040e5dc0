package controlplane_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// defineAttachments makes the kind of Multus known to the cluster.
func (w *world) defineAttachments() {
	w.t.Helper()
	keep := true
	definition := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "network-attachment-definitions.k8s.cni.cncf.io"}}
	definition.Spec.Group = "k8s.cni.cncf.io"
	definition.Spec.Scope = apiextensionsv1.NamespaceScoped
	definition.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{Plural: "network-attachment-definitions", Kind: "NetworkAttachmentDefinition"}
	definition.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{
		Name: "v1", Served: true, Storage: true,
		Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &keep}},
	}}
	if err := w.client.Create(w.t.Context(), definition); err != nil && !apierrors.IsAlreadyExists(err) {
		w.t.Fatal(err)
	}
	eventually(w.t, func(ctx context.Context) string {
		if err := w.client.List(ctx, attachments()); err != nil {
			return err.Error()
		}
		return ""
	})
}

func attachments() *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion("k8s.cni.cncf.io/v1")
	list.SetKind("NetworkAttachmentDefinitionList")
	return list
}

// Where Multus runs the CNI plugin, the namespaces whose pods get a proxy have a network
// attachment, also those that are labelled later; it goes with the label. One that somebody else
// made is left alone.
func TestNetworkAttachmentsFollowInjection(t *testing.T) {
	w := newWorld(t)
	w.defineAttachments()
	namespace := func(label string) string {
		made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "attached-"}}
		if label != "" {
			made.Labels = map[string]string{"istio.io/rev": label}
		}
		w.create(made)
		t.Cleanup(func() {
			if err := w.client.Delete(context.WithoutCancel(t.Context()), made); err != nil {
				t.Error(err)
			}
		})
		return made.Name
	}
	label := func(name, value string) {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"istio.io/rev":`+value+`}}}`))
		if err := w.client.Patch(context.WithoutCancel(t.Context()), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, patch); err != nil {
			t.Fatal(err)
		}
	}
	name := "istio-cni-cp-" + w.namespace
	attached := func(in string) bool {
		all := attachments()
		if err := w.client.List(t.Context(), all, client.InNamespace(in)); err != nil {
			t.Fatal(err)
		}
		return len(all.Items) == 1 && all.Items[0].GetName() == name && all.Items[0].GetLabels()["app.kubernetes.io/managed-by"] == "smm"
	}

	first, later, theirs := namespace("cp."+w.namespace), namespace(""), namespace("cp."+w.namespace)
	foreign := &unstructured.Unstructured{}
	foreign.SetAPIVersion("k8s.cni.cncf.io/v1")
	foreign.SetKind("NetworkAttachmentDefinition")
	foreign.SetNamespace(theirs)
	foreign.SetName(name)
	w.create(foreign)

	w.controlPlane("cp", "{proxyInit: {cni: {enabled: true, chained: false}}}")
	t.Cleanup(func() { label(first, "null"); label(later, "null"); label(theirs, "null") }) // labels hold a control plane
	w.available("cp")
	if !attached(first) || attached(later) || attached(theirs) {
		t.Errorf("attachments: in an injected namespace %t, want true; in one that is not %t, beside somebody else's %t, want false",
			attached(first), attached(later), attached(theirs))
	}
	label(later, `"cp.`+w.namespace+`"`)
	label(first, "null")
	w.settle("cp", func(*v1alpha1.IstioControlPlane) string {
		if attached(first) || !attached(later) {
			return "the attachments do not follow the labels"
		}
		return ""
	})
}
