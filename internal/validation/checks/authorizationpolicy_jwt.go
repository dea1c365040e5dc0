package checks

import (
	"fmt"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func tokenWithoutAuthentication() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/token/not-authenticated",
		Severity: validation.Warning,
		Message:  "the rule needs the token of a user, and no RequestAuthentication of the namespace or the mesh reads tokens",
		Cause:    "Request principals and claims are known only where a RequestAuthentication says who issues tokens. Without one the rule never fits.",
		Mend:     "Create a RequestAuthentication for the workload, or remove the condition.",
		Subjects: of(validation.AuthorizationPolicy),
		Reads:    of(validation.RequestAuthentication, validation.Deployment, validation.ConfigMap, validation.IstioControlPlane),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.RequestAuthentication) || authorizationPolicyOf(o).GetAction() == security.AuthorizationPolicy_CUSTOM ||
				len(v.In(validation.RequestAuthentication, o.Namespace)) > 0 || len(v.In(validation.RequestAuthentication, facts.RootNamespace(v))) > 0 {
				return
			}
			eachSource(o, func(field string, source *security.Source) {
				if len(source.GetRequestPrincipals()) > 0 {
					report(validation.At(field+".requestPrincipals", nil))
				}
			})
			eachCondition(o, func(field string, condition *security.Condition) {
				if strings.HasPrefix(condition.GetKey(), "request.auth.") && len(condition.GetValues()) > 0 {
					report(validation.At(field, values("key", condition.GetKey())))
				}
			})
		},
	}
}

func eachCondition(o *validation.Object, do func(field string, condition *security.Condition)) {
	for i, rule := range authorizationPolicyOf(o).GetRules() {
		for j, condition := range rule.GetWhen() {
			do(fmt.Sprintf("rules[%d].when[%d]", i, j), condition)
		}
	}
}

// needsIdentity tells whether a condition is about what the certificate of a client says.
func needsIdentity(condition *security.Condition) bool {
	switch condition.GetKey() {
	case "source.principal", "source.namespace", "source.serviceAccount":
		return true
	}
	return false
}
