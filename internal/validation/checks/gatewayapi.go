package checks

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// gatewayAPIChecks look at the routes and gateways of the Kubernetes Gateway API.
func gatewayAPIChecks() []validation.Check {
	return []validation.Check{
		unknownClass(), duplicateListener(), sharedAddress(), certificateReference(), unknownParent(), unknownListener(),
		refusedRoute(), unknownBackend(), backendNotGranted(), grantFromNowhere(),
	}
}

func unknownClass() validation.Check {
	return validation.Check{
		ID:       "kubernetesgateway/class/unknown",
		Severity: validation.Error,
		Message:  "the GatewayClass of the gateway does not exist",
		Cause:    "No controller takes care of the gateway: it gets no address and no proxy.",
		Mend:     "Use a class that exists, such as istio.",
		Subjects: of(validation.KubernetesGateway),
		Reads:    of(validation.GatewayClass),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			class := string(validation.SpecOf[*gatewayv1.GatewaySpec](o).GatewayClassName)
			if v.Knows(validation.GatewayClass) && v.Get(validation.GatewayClass, "", class) == nil {
				report(validation.At("gatewayClassName", values("gatewayClass", class)))
			}
		},
	}
}

func duplicateListener() validation.Check {
	return validation.Check{
		ID:       "kubernetesgateway/listener/duplicate",
		Severity: validation.Error,
		Message:  "two listeners have the same port, protocol and host name",
		Cause:    "Listeners of a gateway must differ, or none of them is accepted.",
		Mend:     "Remove one of them, or change its port or host name.",
		Subjects: of(validation.KubernetesGateway),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			seen := map[string]gatewayv1.SectionName{}
			for i, listener := range validation.SpecOf[*gatewayv1.GatewaySpec](o).Listeners {
				key := fmt.Sprintf("%d %s %s", listener.Port, listener.Protocol, hostname(listener.Hostname))
				if first, found := seen[key]; found {
					report(validation.At(fmt.Sprintf("listeners[%d]", i), values("listener", string(listener.Name), "other", string(first))))
					continue
				}
				seen[key] = listener.Name
			}
		},
	}
}

func hostname(name *gatewayv1.Hostname) string {
	if name == nil {
		return ""
	}
	return string(*name)
}

func certificateReference() validation.Check {
	return validation.Check{
		ID:       "kubernetesgateway/certificate/unusable",
		Severity: validation.Error,
		Message:  "the certificate of a listener cannot be used",
		Cause:    "The Secret does not exist, or it is in another namespace that no ReferenceGrant opens to this one. The listener serves nothing.",
		Mend:     "Correct the reference, or create a ReferenceGrant in the namespace of the Secret.",
		Subjects: of(validation.KubernetesGateway),
		Reads:    of(validation.Secret, validation.ReferenceGrant, validation.Certificate),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, listener := range validation.SpecOf[*gatewayv1.GatewaySpec](o).Listeners {
				if listener.TLS == nil {
					continue
				}
				for j, reference := range listener.TLS.CertificateRefs {
					namespace := namespaceOr(reference.Namespace, o.Namespace)
					field := fmt.Sprintf("listeners[%d].tls.certificateRefs[%d]", i, j)
					secret := values("secret", namespace+"/"+string(reference.Name))
					switch {
					case namespace != o.Namespace && !granted(v, o, "Gateway", namespace, "Secret", string(reference.Name)):
						report(validation.Fault{Field: field, Context: secret, Message: "no ReferenceGrant lets the gateway use a certificate of another namespace"})
					case v.Knows(validation.Secret) && v.Get(validation.Secret, namespace, string(reference.Name)) == nil && !issued(v, namespace, string(reference.Name)):
						report(validation.Fault{Field: field, Context: secret})
					}
				}
			}
		},
	}
}

func namespaceOr(namespace *gatewayv1.Namespace, otherwise string) string {
	if namespace == nil || *namespace == "" {
		return otherwise
	}
	return string(*namespace)
}

// granted tells whether a ReferenceGrant lets a kind of the object's namespace refer to something in another one.
func granted(v validation.View, from *validation.Object, fromKind, namespace, kind, name string) bool {
	for _, o := range v.In(validation.ReferenceGrant, namespace) {
		spec := validation.SpecOf[*gatewayv1beta1.ReferenceGrantSpec](o)
		opens := slices.ContainsFunc(spec.From, func(f gatewayv1beta1.ReferenceGrantFrom) bool {
			return string(f.Kind) == fromKind && string(f.Namespace) == from.Namespace
		})
		if opens && slices.ContainsFunc(spec.To, func(t gatewayv1beta1.ReferenceGrantTo) bool {
			return string(t.Kind) == kind && (t.Name == nil || string(*t.Name) == name)
		}) {
			return true
		}
	}
	return false
}

func grantFromNowhere() validation.Check {
	return validation.Check{
		ID:       "referencegrant/namespace/unknown",
		Severity: validation.Warning,
		Message:  "the ReferenceGrant is for a namespace that does not exist",
		Cause:    "The grant lets resources of a namespace refer to this one; there is no such namespace.",
		Mend:     "Correct the namespace, or remove the grant.",
		Subjects: of(validation.ReferenceGrant),
		Reads:    of(validation.Namespace),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.Namespace) {
				return
			}
			for i, from := range validation.SpecOf[*gatewayv1beta1.ReferenceGrantSpec](o).From {
				if v.Get(validation.Namespace, "", string(from.Namespace)) == nil {
					report(validation.At(fmt.Sprintf("from[%d].namespace", i), values("namespace", string(from.Namespace))))
				}
			}
		},
	}
}

// intersect tells whether a route's host names and a listener's have a name in common.
func intersect(listener string, names []gatewayv1.Hostname) bool {
	if listener == "" || len(names) == 0 {
		return true
	}
	return slices.ContainsFunc(names, func(name gatewayv1.Hostname) bool {
		return facts.Overlap(strings.ToLower(listener), strings.ToLower(string(name)))
	})
}

// issued tells whether cert-manager makes a Secret.
func issued(v validation.View, namespace, secret string) bool {
	return slices.ContainsFunc(v.In(validation.Certificate, namespace), func(o *validation.Object) bool {
		return validation.SpecOf[*decode.CertificateSpec](o).SecretName == secret
	})
}
