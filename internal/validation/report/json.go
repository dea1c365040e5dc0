package report

import (
	"github.com/meshmanager/smm/internal/validation"
)

// Result is one finding in the documented JSON form.
type Result struct {
	CheckID           string   `json:"checkID"`
	IstioRevision     string   `json:"istioRevision"`
	SubjectContextKey string   `json:"subjectContextKey"`
	Passed            bool     `json:"passed"`
	Error             struct{} `json:"error"`
	ErrorMessage      string   `json:"errorMessage"`
}

// Results returns findings in the documented JSON form: by the context key of their subjects.
func Results(findings []validation.Finding) map[string][]Result {
	results := map[string][]Result{}
	for _, f := range findings {
		key := f.Subject.String()
		results[key] = append(results[key], Result{
			CheckID: f.Check, IstioRevision: f.Revision, SubjectContextKey: key, ErrorMessage: f.Message,
		})
	}
	return results
}
