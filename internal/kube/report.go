package kube

// Change tells what one write did, or why none was needed.
type Change string

// The changes that apply and removal report.
const (
	Created    Change = "created"
	Configured Change = "configured"
	Unchanged  Change = "unchanged"
	Deleted    Change = "deleted"
)

// ObjectChange is the change of one object.
type ObjectChange struct {
	Ref    Ref
	Change Change
}

// Report lists what happened to each object, in the order in which it happened.
type Report []ObjectChange

// Written lists the changes that wrote to the API server.
func (r Report) Written() Report {
	var written Report
	for _, change := range r {
		if change.Change != Unchanged {
			written = append(written, change)
		}
	}
	return written
}

// Only lists the objects with the given change.
func (r Report) Only(change Change) []Ref {
	var refs []Ref
	for _, c := range r {
		if c.Change == change {
			refs = append(refs, c.Ref)
		}
	}
	return refs
}
