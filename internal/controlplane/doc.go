// Package controlplane turns an IstioControlPlane into a running istiod: specification to chart
// values, values to objects, objects to the cluster, and the cluster's state back to the status.
package controlplane
