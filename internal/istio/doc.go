// Package istio holds what the product knows about Istio: which releases it can install and on
// which Kubernetes versions, Istio's own Helm charts and how they are rendered, and the names,
// revisions and labels by which a control plane is found.
package istio
