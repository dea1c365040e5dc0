// Package api holds the product's custom resources, one package a group and version.
package api

import (
	"errors"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// NewScheme returns a scheme that knows Kubernetes' kinds and the product's.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	err := errors.Join(
		clientgoscheme.AddToScheme(scheme),
		apiextensionsv1.AddToScheme(scheme),
		asmv1alpha1.AddToScheme(scheme),
		clusterregistryv1alpha1.AddToScheme(scheme),
		discoveryv3alpha1.AddToScheme(scheme),
		servicemeshv1alpha1.AddToScheme(scheme),
		smmv1alpha1.AddToScheme(scheme),
	)
	return scheme, err
}
