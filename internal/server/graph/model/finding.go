// Package model has the types of the API's schema. Most are generated.
package model

import "context"

// Finding is one result of the validation.
type Finding struct {
	ID            string
	Check         string
	Severity      Severity
	Message       string
	Object        string
	Cluster       string
	Namespace     *string
	Name          string
	Kind          string
	ControlPlane  *string
	Path          *string
	Context       []Label
	Documentation string
	// Locate finds the line of the place: only who asks for it pays for reading the object.
	Locate func(context.Context) (*int, error)
}

// Line is the line of the place in the object's YAML; nil when it is not known.
func (f Finding) Line(ctx context.Context) (*int, error) { return f.Locate(ctx) }
