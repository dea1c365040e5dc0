// Package validation finds what is wrong with the state of a whole mesh, not with single resources.
//
// It is pure: objects go in with Apply, findings come out. A Check looks at one object, its subject, and may read
// others through a View. The Engine knows which kinds each check reads, so that a change runs again only what it can
// affect. Our own checks are in the package checks, Istio's analyzers become checks in the package istioanalysis.
package validation
