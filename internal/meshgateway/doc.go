// Package meshgateway turns an IstioMeshGateway into a running gateway: specification to values of
// Istio's gateway chart, values to objects, objects to the cluster, and the cluster's state back to
// the status.
package meshgateway
