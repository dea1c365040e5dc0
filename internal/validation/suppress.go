package validation

import "strings"

// suppressAnnotation is Istio's annotation by which a user accepts findings on an object: a list of codes, or "*".
const suppressAnnotation = "galley.istio.io/analyze-suppress"

// suppressed tells whether the user accepts a finding: by the check's ID, or by Istio's code.
func (e *Engine) suppressed(f Finding) bool {
	o := e.mesh.get(f.Subject)
	if o == nil || o.Annotations[suppressAnnotation] == "" {
		return false
	}
	for code := range strings.SplitSeq(o.Annotations[suppressAnnotation], ",") {
		code = strings.TrimSpace(code)
		if code == "*" || code == f.Check || strings.HasSuffix(f.Check, "/"+code) {
			return true
		}
	}
	return false
}
